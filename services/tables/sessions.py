"""Tables that `auth` writes: how people are signed in, and what tokens are signed with."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, exists, or_, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.elements import ColumnElement

from services.kernel.ids import PLATFORM
from services.tables.auth import member_key
from services.tables.roles import Role
from services.tables.schema import ALL, KEEP, READ, Access, Record, RowId, TenantId


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
    _check_programs = (
        "SELECT (tenant_id, id, member_id, ended_at, idle_expires_at, expires_at, client_kid)",
    )
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
                        Role.DOCS: _check_programs,
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
    proof_key: Mapped[str | None]
    """RFC 7638 thumbprint: its tokens are good with proofs of that key alone (RFC 9449)."""


class ProofPolicy(Record):
    """Whose sessions an organization wants bound to a key; nobody's, where it has said nothing."""

    __tablename__ = "proof_policies"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["organizations.id"]),
        CheckConstraint("required_of IN ('nobody', 'programs', 'everyone')", name="required_of"),
        {"info": {"access": Access(writer="auth", grants={Role.AUTH: KEEP})}},
    )
    tenant_id: Mapped[TenantId]
    required_of: Mapped[str]
    revision: Mapped[int]
    changed_at: Mapped[datetime]
    changed_by: Mapped[UUID]


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
    """Public half of a token-signing key, as a JWK (RFC 7517).

    Staged until `activated_at`: it is published, and signs nothing yet. From `retired_at` on, which may lie
    ahead, no token that it signed is believed. There are the platform's rows only.
    """

    __tablename__ = "signing_keys"
    _check = ("SELECT (tenant_id, kid, retired_at)",)
    __table_args__ = (
        {
            "info": {
                "access": Access(
                    writer="auth",
                    grants={
                        Role.AUTH: ("SELECT", "INSERT"),
                        Role.DOCS: _check,
                        Role.AUDIT: _check,
                        Role.GATEWAY: READ,
                        Role.ROTATOR: ("SELECT", "INSERT", "UPDATE (activated_at, retired_at)"),
                    },
                    across=dict.fromkeys(
                        (Role.AUTH, Role.DOCS, Role.AUDIT, Role.ROTATOR), f"tenant_id = '{PLATFORM}'::uuid"
                    ),
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    kid: Mapped[str] = mapped_column(primary_key=True)
    jwk: Mapped[dict[str, str]] = mapped_column(JSONB)
    created_at: Mapped[datetime]
    activated_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]


def is_believed(
    kid: ColumnElement[str] | str, now: ColumnElement[datetime] | datetime
) -> ColumnElement[bool]:
    """The key of that name is published and not retired."""
    # The columns are named because some roles may read these only.
    return exists(SigningKey.kid).where(
        SigningKey.tenant_id == PLATFORM,
        SigningKey.kid == kid,
        or_(SigningKey.retired_at.is_(None), SigningKey.retired_at > now),
    )


class Throttle(Record):
    """Failures of one kind from one source, to slow a guesser. The source is a keyed digest."""

    __tablename__ = "throttles"
    __table_args__ = ({"info": {"access": Access(writer="auth", grants={Role.AUTH: ALL})}},)
    tenant_id: Mapped[TenantId]
    source: Mapped[bytes] = mapped_column(primary_key=True)
    failures: Mapped[int]
    window_ends_at: Mapped[datetime]
