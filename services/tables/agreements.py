"""Tables that `docs_api` writes: what firm and provider agreed, and what was granted under it.

Columns that end in `_sealed` are as in `docs`.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ColumnElement,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    Uuid,
    and_,
    any_,
    exists,
    func,
    or_,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.tables.roles import Role
from services.tables.schema import EITHER_PARTY, KEEP, READ, Access, Record, RowId, TenantId, references
from services.tables.teams import TeamMember, teams_of

_TERM = "SELECT (tenant_id, id, provider_id, state, ends_at)"
_WHO_UNTIL_WHEN = (
    "SELECT (tenant_id, id, matter_id, engagement_id, provider_id, member_id, team_id, "  # no purpose
    "ends_at, created_at, revoked_at)"
)
_WHOSE = "SELECT (tenant_id, id, provider_id, member_id, team_id, ends_at, revoked_at)"
_WHO_ASKED = "SELECT (tenant_id, id, matter_id, provider_id, member_id, requested_by)"


class Engagement(Record):
    """A firm has admitted a provider. Both parties may read it; the firm alone writes it."""

    __tablename__ = "engagements"
    __table_args__ = (
        CheckConstraint("state IN ('active', 'ended')", name="state"),
        CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name="term"),
        Index(None, "provider_id"),
        {
            "info": {
                "access": Access(
                    writer="docs_api",
                    grants={Role.DOCS: KEEP, Role.AUTH: READ, Role.COURIER: (_TERM,)},
                    across={Role.AUTH: EITHER_PARTY, Role.DOCS: EITHER_PARTY, Role.COURIER: "true"},
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    provider_id: Mapped[UUID]
    services: Mapped[list[str]]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    state: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[UUID | None]
    countries: Mapped[list[str]]
    """Where the provider's people may be; empty means anywhere."""
    consent_required: Mapped[bool]
    nda_version: Mapped[int | None]
    """The version that everybody must have signed; None while there is no text."""
    revision: Mapped[int]


class NdaVersion(Record):
    """A text that the provider's people sign, sealed under the firm's names key. Its words never change."""

    __tablename__ = "nda_versions"
    __table_args__ = (
        references("engagements", "engagement_id"),
        references("firm_keys", "firm_key_id"),
        UniqueConstraint("tenant_id", "engagement_id", "version"),
        {
            "info": {
                "access": Access(
                    writer="docs_api",
                    grants={
                        Role.DOCS: ("SELECT", "INSERT"),
                        Role.ROTATOR: ("SELECT (tenant_id, id, firm_key_id)", "UPDATE (firm_key_id)"),
                    },
                    across={Role.ROTATOR: "true"},
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    engagement_id: Mapped[UUID]
    version: Mapped[int]
    firm_key_id: Mapped[UUID]
    text_sealed: Mapped[bytes]
    sha256: Mapped[bytes]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]


class NdaSignature(Record):
    """One of the provider's people signed one version: once, and for good."""

    __tablename__ = "nda_signatures"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "engagement_id", "version"],
            ["nda_versions.tenant_id", "nda_versions.engagement_id", "nda_versions.version"],
        ),
        {"info": {"access": Access(writer="docs_api", grants={Role.DOCS: ("SELECT", "INSERT")})}},
    )
    tenant_id: Mapped[TenantId]
    engagement_id: Mapped[RowId]
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    member_id: Mapped[RowId]
    signed_at: Mapped[datetime]


class Consent(Record):
    """The client of a matter agrees that a provider works on it. At most one is in force."""

    __tablename__ = "consents"
    __table_args__ = (
        references("matters", "matter_id"),
        Index(None, "tenant_id", "matter_id", unique=True, postgresql_where=text("withdrawn_at IS NULL")),
        {"info": {"access": Access(writer="docs_api", grants={Role.DOCS: KEEP})}},
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    matter_id: Mapped[UUID]
    given_at: Mapped[datetime]
    note_sealed: Mapped[bytes]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[UUID | None]


class AccessRequest(Record):
    """One of the provider's people asks for access to a matter. Open, until it is answered or lapses."""

    __tablename__ = "access_requests"
    __table_args__ = (
        references("matters", "matter_id"),
        references("grants", "grant_id"),
        CheckConstraint("state IN ('open', 'granted', 'declined', 'withdrawn', 'lapsed')", name="state"),
        CheckConstraint("(state = 'granted') = (grant_id IS NOT NULL)", name="granted"),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided"),
        Index(
            None, "tenant_id", "matter_id", "member_id", unique=True, postgresql_where=text("state = 'open'")
        ),
        Index(None, "tenant_id", "requested_by"),
        {
            "info": {
                "access": Access(
                    writer="docs_api",
                    grants={Role.DOCS: KEEP, Role.COURIER: (_WHO_ASKED,)},
                    across={Role.COURIER: "true"},
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    matter_id: Mapped[UUID]
    provider_id: Mapped[UUID]
    member_id: Mapped[UUID]
    requested_by: Mapped[UUID]
    classes: Mapped[list[str]]
    ends_at: Mapped[datetime]
    reason_sealed: Mapped[bytes]
    state: Mapped[str]
    created_at: Mapped[datetime]
    lapses_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    note_sealed: Mapped[bytes | None]
    grant_id: Mapped[UUID | None]


class Grant(Record):
    """What one of the provider's people, or whoever is in a team of it, may do in a matter; and what for."""

    __tablename__ = "grants"
    __table_args__ = (
        references("matters", "matter_id"),
        references("engagements", "engagement_id"),
        CheckConstraint("ends_at > starts_at", name="term"),
        CheckConstraint("num_nonnulls(member_id, team_id) = 1", name="holder"),
        CheckConstraint("cardinality(classes) > 0", name="classes"),
        CheckConstraint("permissions <@ ARRAY['read']::text[]", name="permissions"),
        Index(None, "tenant_id", "member_id", "matter_id"),
        Index(None, "tenant_id", "team_id", "matter_id"),
        Index(None, "provider_id", "team_id"),
        Index(None, "ends_at", postgresql_where=text("revoked_at IS NULL")),
        Index(None, "provider_id", "member_id"),
        {
            "info": {
                "access": Access(
                    writer="docs_api",
                    grants={
                        Role.DOCS: KEEP,
                        Role.AUTH: (_WHOSE,),
                        Role.COURIER: (_WHO_UNTIL_WHEN,),
                    },
                    across={Role.AUTH: EITHER_PARTY, Role.COURIER: "true"},
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    matter_id: Mapped[UUID]
    engagement_id: Mapped[UUID]
    provider_id: Mapped[UUID]
    member_id: Mapped[UUID | None]
    team_id: Mapped[UUID | None]
    """Whoever is in this team of the provider now, instead of one member."""
    classes: Mapped[list[str]]
    permissions: Mapped[list[str]]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    purpose_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[UUID | None]


def held_by(
    organization: ColumnElement[UUID] | UUID, member: ColumnElement[UUID] | UUID
) -> ColumnElement[bool]:
    """Whether a member of a provider holds the enclosing query's `grants` row: by name, or in a team, now.

    Everything that asks whose a grant is asks this; the notices say the same in their own statement.
    """
    # An array is made once for each statement, so that either half can be answered by an index.
    teams = func.array(teams_of(organization, member).scalar_subquery(), type_=ARRAY(Uuid))
    return and_(
        Grant.provider_id == organization, or_(Grant.member_id == member, Grant.team_id == any_(teams))
    )


def was_held_by(
    organization: ColumnElement[UUID] | UUID, member: ColumnElement[UUID] | UUID
) -> ColumnElement[bool]:
    """Whether a member held the enclosing query's `grants` row while it lasted.

    Whoever joins a team holds what it has now, and learns nothing of what had ended before.
    """
    end = func.least(func.coalesce(Grant.revoked_at, Grant.ends_at), Grant.ends_at)
    joined = exists(TeamMember.team_id).where(
        TeamMember.tenant_id == organization,
        TeamMember.team_id == Grant.team_id,
        TeamMember.member_id == member,
        TeamMember.added_at < end,
    )
    return and_(
        held_by(organization, member), or_(Grant.member_id == member, joined.correlate_except(TeamMember))
    )
