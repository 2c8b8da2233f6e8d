"""Tables that `auth` writes: programs, and the public keys by which they show who they are."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKeyConstraint, Index, and_, exists, or_
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.tables.roles import Role
from services.tables.schema import ALL, Access, Record, RowId, TenantId
from services.tables.sessions import Session

_OWN = {"info": {"access": Access(writer="auth", grants={Role.AUTH: ALL})}}
_UNTIL_WHEN = "SELECT (tenant_id, id, expires_at)"


class Client(Record):
    """What a program may do at most. Who it is, is the member of the same id, whose kind is `client`."""

    __tablename__ = "clients"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "id"], ["members.tenant_id", "members.id"]),
        {
            "info": {
                "access": Access(
                    writer="auth",
                    grants={
                        Role.AUTH: ALL,
                        Role.SIGNIN: ("SELECT (tenant_id, id)",),
                        Role.GATEWAY: ("SELECT (tenant_id, id, networks)",),
                        Role.DOCS: (_UNTIL_WHEN,),
                        Role.SWEEPER: (_UNTIL_WHEN,),
                    },
                    across=dict.fromkeys((Role.SIGNIN, Role.GATEWAY, Role.SWEEPER), "true"),
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    acting_for: Mapped[UUID]
    """The one organization whose things it may touch: its own, or a firm that has engaged it."""
    scopes: Mapped[list[str]]
    networks: Mapped[list[str]]
    """Where it may come from, as CIDR blocks; from anywhere where there is none."""
    created_by: Mapped[UUID]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class ClientKey(Record):
    """A public key of a client, by its RFC 7638 thumbprint. The private half was never here."""

    __tablename__ = "client_keys"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "client_id"], ["clients.tenant_id", "clients.id"]),
        Index(None, "tenant_id", "client_id"),
        {
            "info": {
                "access": Access(
                    writer="auth",
                    grants={
                        Role.AUTH: ALL,
                        Role.DOCS: ("SELECT (tenant_id, kid, client_id, expires_at, revoked_at)",),
                    },
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    kid: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[UUID]
    jwk: Mapped[dict[str, str]] = mapped_column(JSONB)
    created_by: Mapped[UUID]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class ClientAssertion(Record):
    """An assertion that was used, by a digest of client and `jti`, for as long as it could be used again."""

    __tablename__ = "client_assertions"
    __table_args__ = (Index(None, "tenant_id", "expires_at"), _OWN)
    tenant_id: Mapped[TenantId]
    digest: Mapped[bytes] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime]


def program_lives(now: ColumnElement[datetime] | datetime) -> ColumnElement[bool]:
    """The enclosing statement's session is a person's; or its time, its program and its key are not over."""
    client = exists(Client.id).where(
        Client.tenant_id == Session.tenant_id, Client.id == Session.member_id, Client.expires_at > now
    )
    key = exists(ClientKey.kid).where(
        ClientKey.tenant_id == Session.tenant_id,
        ClientKey.kid == Session.client_kid,
        ClientKey.client_id == Session.member_id,
        ClientKey.expires_at > now,
        ClientKey.revoked_at.is_(None),
    )
    lives = and_(Session.expires_at > now, client.correlate(Session), key.correlate(Session))
    return or_(Session.client_kid.is_(None), lives)
