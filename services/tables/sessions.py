"""Tables that `auth` writes: how people are signed in, and what tokens are signed with."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.tables.auth import member_key
from services.tables.roles import Role
from services.tables.schema import ALL, READ, Access, Record, RowId, TenantId


class Challenge(Record):
    """Between password and second factor: a short-lived secret that opens nothing but the next step."""

    __tablename__ = "challenges"
    __table_args__ = (
        member_key(),
        UniqueConstraint("secret_sha256"),
        CheckConstraint(
            "purpose IN ('enrol', 'sign_in', 'step_up', 'recover', 'replace', 'add')", name="purpose"
        ),
        {
            "info": {
                "access": Access(
                    writer="auth",
                    grants={Role.AUTH: ALL, Role.SIGNIN: ("SELECT (tenant_id, id, secret_sha256)",)},
                    across={Role.SIGNIN: "true"},
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    purpose: Mapped[str]
    secret_sha256: Mapped[bytes]
    member_id: Mapped[UUID]
    session_id: Mapped[UUID | None]
    attempts_left: Mapped[int]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    consumed_at: Mapped[datetime | None]


class Session(Record):
    """A person signed in. Every request's first statement looks here, so ending one is felt at once."""

    __tablename__ = "sessions"
    _check = ("SELECT (id, member_id, ended_at, idle_expires_at, expires_at)",)
    __table_args__ = (
        member_key(),
        ForeignKeyConstraint(["tenant_id", "client_kid"], ["client_keys.tenant_id", "client_keys.kid"]),
        Index(None, "tenant_id", "client_kid", postgresql_where=text("client_kid IS NOT NULL")),
        {
            "info": {
                "access": Access(
                    writer="auth",
                    grants={
                        Role.AUTH: ALL,
                        Role.DOCS: _check,
                        Role.AUDIT: _check,
                        Role.COURIER: ("SELECT (tenant_id, id, member_id)",),
                    },
                    across={Role.DOCS: "true", Role.AUDIT: "true", Role.COURIER: "true"},
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    member_id: Mapped[UUID]
    acr: Mapped[str]
    amr: Mapped[list[str]]
    auth_time: Mapped[datetime]
    created_at: Mapped[datetime]
    idle_expires_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]
    name_sealed: Mapped[bytes | None]
    """What its owner calls it."""
    factor_id: Mapped[UUID | None]
    """The factor that it was opened with, which may be gone. Sessions older than this column have none."""
    client_kid: Mapped[str | None]
    """The key that a program began it with; a person's sessions have none."""


class RefreshToken(Record):
    """Opaque, 256 bit, kept as a digest; used once. A second use ends the session (RFC 9700)."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "session_id"], ["sessions.tenant_id", "sessions.id"]),
        UniqueConstraint("token_sha256"),
        {
            "info": {
                "access": Access(
                    writer="auth",
                    grants={Role.AUTH: ALL, Role.SIGNIN: ("SELECT (tenant_id, id, token_sha256)",)},
                    across={Role.SIGNIN: "true"},
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    token_sha256: Mapped[bytes]
    session_id: Mapped[UUID]
    acting_for: Mapped[UUID]
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SigningKey(Record):
    """Public half of a token-signing key, as a JWK (RFC 7517)."""

    __tablename__ = "signing_keys"
    __table_args__ = (
        {
            "info": {
                "access": Access(
                    writer="auth",
                    grants={Role.AUTH: ("SELECT", "INSERT", "UPDATE (retired_at)"), Role.GATEWAY: READ},
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    kid: Mapped[str] = mapped_column(primary_key=True)
    jwk: Mapped[dict[str, str]] = mapped_column(JSONB)
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class Throttle(Record):
    """Failures of one kind from one source, to slow a guesser. The source is a keyed digest."""

    __tablename__ = "throttles"
    __table_args__ = ({"info": {"access": Access(writer="auth", grants={Role.AUTH: ALL})}},)
    tenant_id: Mapped[TenantId]
    source: Mapped[bytes] = mapped_column(primary_key=True)
    failures: Mapped[int]
    window_ends_at: Mapped[datetime]
