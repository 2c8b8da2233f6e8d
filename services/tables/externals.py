"""Table that `auth` writes: members who belong to an organization for a time, and who answers for them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKeyConstraint, Index, exists
from sqlalchemy.orm import InstrumentedAttribute, Mapped

from services.tables.auth import member_key
from services.tables.roles import Role
from services.tables.schema import KEEP, Access, Record, RowId, TenantId

_UNTIL_WHEN = "SELECT (tenant_id, member_id, ends_at)"
_Column = ColumnElement[UUID] | InstrumentedAttribute[UUID]


class ExternalMember(Record):
    """Co-counsel or contract staff: a member with a sponsor among their colleagues, and an end."""

    __tablename__ = "external_members"
    __table_args__ = (
        member_key(),
        ForeignKeyConstraint(["tenant_id", "sponsor_id"], ["members.tenant_id", "members.id"]),
        Index(None, "tenant_id", "sponsor_id"),
        {
            "info": {
                "access": Access(
                    writer="auth",
                    grants={Role.AUTH: KEEP}
                    | dict.fromkeys((Role.SIGNIN, Role.DOCS, Role.SWEEPER), (_UNTIL_WHEN,)),
                    across=dict.fromkeys((Role.SIGNIN, Role.DOCS, Role.SWEEPER), "true"),
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    member_id: Mapped[RowId]
    sponsor_id: Mapped[UUID]
    ends_at: Mapped[datetime]
    """From then on they are signed out and cannot sign in: midnight (UTC) after their last day."""
    changed_at: Mapped[datetime]
    changed_by: Mapped[UUID | None]


def time_is_over(
    tenant: _Column | UUID, member: _Column | UUID, now: ColumnElement[datetime] | datetime
) -> ColumnElement[bool]:
    """The member is external, and their time was over by `now`. No session of theirs lasts as long either."""
    return exists(ExternalMember.member_id).where(
        ExternalMember.tenant_id == tenant,
        ExternalMember.member_id == member,
        ExternalMember.ends_at <= now,
    )
