"""Tables that `auth` writes: who people are, and by what they prove it; rows belong to their organization."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.tables.roles import Role
from services.tables.schema import ALL, IN_PLATFORM, IN_TENANTS, READ, Access, Record, RowId, TenantId


def member_key() -> ForeignKeyConstraint:
    """The row names a member of its own tenant."""
    return ForeignKeyConstraint(["tenant_id", "member_id"], ["members.tenant_id", "members.id"])


class Organization(Record):
    """A firm, a provider, or the platform itself. Its id is the tenant."""

    __tablename__ = "organizations"
    __table_args__ = (
        CheckConstraint("kind IN ('firm', 'provider', 'platform')", name="kind"),
        CheckConstraint("state IN ('active', 'closed')", name="state"),
        {
            "info": {
                "access": Access(
                    writer="auth",
                    grants={
                        Role.AUTH: ("SELECT", "INSERT", "UPDATE (state, solo_since)"),
                        Role.SIGNIN: READ,
                        Role.DOCS: READ,
                        Role.AUDIT: READ,
                        Role.SEQUENCER: ("SELECT (id, kind)",),
                        Role.SWEEPER: ("SELECT (id, kind)",),
                        Role.ROTATOR: ("SELECT (id, kind)",),
                    },
                    tenant_column="id",
                    across={
                        Role.AUTH: f"{IN_TENANTS.format(column='id')} OR {IN_PLATFORM}",
                        Role.SIGNIN: "true",
                        Role.SWEEPER: "true",
                        Role.ROTATOR: "true",
                        Role.SEQUENCER: "true",
                    },
                )
            }
        },
    )
    id: Mapped[RowId]
    kind: Mapped[str]
    name: Mapped[str]
    state: Mapped[str]
    created_at: Mapped[datetime]
    solo_since: Mapped[datetime | None]
    """While set, the firm's one member may hold roles that otherwise exclude each other."""


class Member(Record):
    """A person or a program in an organization. Address and name are sealed; the address has a blind index.

    A program (`clients`) has neither address nor password, so nobody can sign in as one.
    """

    __tablename__ = "members"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["organizations.id"]),
        # Somebody who was removed may be invited again: they join as a new member.
        Index(None, "tenant_id", "email_index", unique=True, postgresql_where=text("state <> 'removed'")),
        Index(None, "email_index"),
        UniqueConstraint("tenant_id", "id", "kind"),  # so that a reference may ask for a person
        CheckConstraint("state IN ('enrolling', 'active', 'suspended', 'removed')", name="state"),
        CheckConstraint(
            "num_nonnulls(email_index, email_sealed, password_hash) "
            "= CASE kind WHEN 'person' THEN 3 WHEN 'client' THEN 0 END AND kind IN ('person', 'client')",
            name="kind",
        ),
        {
            "info": {
                "access": Access(
                    writer="auth",
                    grants={
                        Role.AUTH: ALL,
                        Role.SIGNIN: ("SELECT (tenant_id, id, email_index, password_hash, state)",),
                        Role.DOCS: ("SELECT (tenant_id, id, state, country)",),
                        Role.COURIER: ("SELECT (tenant_id, id, email_sealed, state)",),
                        Role.SWEEPER: ("SELECT (tenant_id, id, state)",),
                    },
                    across=dict.fromkeys((Role.SIGNIN, Role.DOCS, Role.COURIER, Role.SWEEPER), "true"),
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    kind: Mapped[str] = mapped_column(server_default="person")
    # Null for a client, and for nobody else.
    email_index: Mapped[bytes] = mapped_column(nullable=True)
    email_sealed: Mapped[bytes] = mapped_column(nullable=True)
    name_sealed: Mapped[bytes]
    password_hash: Mapped[str] = mapped_column(nullable=True)
    state: Mapped[str]
    created_at: Mapped[datetime]
    country: Mapped[str | None]
    """Where the person works, as their organization declares it (ISO 3166-1 alpha-2)."""


class MemberRole(Record):
    __tablename__ = "member_roles"
    __table_args__ = (
        member_key(),
        {
            "info": {
                "access": Access(
                    writer="auth",
                    grants={Role.AUTH: ALL, Role.DOCS: READ, Role.AUDIT: READ, Role.COURIER: READ},
                    across={Role.COURIER: "true"},
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    member_id: Mapped[RowId]
    role: Mapped[str] = mapped_column(primary_key=True)


class Invitation(Record):
    """A single-use code that lets one person join with the roles named. Only its digest is kept."""

    __tablename__ = "invitations"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["organizations.id"]),
        UniqueConstraint("code_sha256"),
        CheckConstraint(
            "purpose IN ('operator', 'first_administrator', 'member', 'factor_reset')", name="purpose"
        ),
        CheckConstraint("(sponsor_id IS NULL) = (ends_at IS NULL)", name="terms"),
        {
            "info": {
                "access": Access(
                    writer="auth",
                    grants={Role.AUTH: ALL, Role.SIGNIN: ("SELECT (tenant_id, id, code_sha256)",)},
                    across={Role.SIGNIN: "true"},
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    purpose: Mapped[str]
    code_sha256: Mapped[bytes]
    email_index: Mapped[bytes | None]
    """Who may redeem it; None where any address may (first administrator, operator)."""
    roles: Mapped[list[str]]
    team_id: Mapped[UUID | None]
    sponsor_id: Mapped[UUID | None]
    """With `ends_at`: whoever redeems it is external, on these terms."""
    ends_at: Mapped[datetime | None]
    invited_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    redeemed_at: Mapped[datetime | None]
    redeemed_by: Mapped[UUID | None]


class FactorReset(Record):
    """An only administrator lost both factors: who asked, who let it happen, how it ended."""

    __tablename__ = "factor_resets"
    __table_args__ = (
        member_key(),
        Index(None, "tenant_id", unique=True, postgresql_where=text("state = 'pending'")),
        CheckConstraint("state IN ('pending', 'released', 'completed', 'cancelled')", name="state"),
        {"info": {"access": Access(writer="auth", grants={Role.AUTH: ("SELECT", "INSERT", "UPDATE")})}},
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    member_id: Mapped[UUID]
    state: Mapped[str]
    requested_by: Mapped[UUID]
    requested_at: Mapped[datetime]
    available_at: Mapped[datetime]
    """From when on one person is enough."""
    released_by: Mapped[UUID | None]
    released_at: Mapped[datetime | None]
    invitation_id: Mapped[UUID | None]
    closed_at: Mapped[datetime | None]


class TOTPFactor(Record):
    """RFC 6238 seed, sealed. `last_step` is the newest time step used: each works once."""

    __tablename__ = "totp_factors"
    __table_args__ = (
        member_key(),
        Index(None, "tenant_id", "member_id"),
        {"info": {"access": Access(writer="auth", grants={Role.AUTH: ALL})}},
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    member_id: Mapped[UUID]
    seed_sealed: Mapped[bytes]
    last_step: Mapped[int]
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    name_sealed: Mapped[bytes | None]
    """What its owner calls it."""


class RecoveryCode(Record):
    """One of ten codes of 120 bits that stand in for a lost factor, once. Only its digest is kept."""

    __tablename__ = "recovery_codes"
    __table_args__ = (
        member_key(),
        Index(None, "tenant_id", "member_id"),
        {"info": {"access": Access(writer="auth", grants={Role.AUTH: ALL})}},
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    member_id: Mapped[UUID]
    code_sha256: Mapped[bytes]
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
