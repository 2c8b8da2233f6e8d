"""Tables that `auth` writes: teams of an organization, and whoever is in them now."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Select, select, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.elements import ColumnElement

from services.tables.roles import Role
from services.tables.schema import ALL, KEEP, Access, Record, RowId, TenantId, references

_WHICH = "SELECT (tenant_id, id, state)"
_WHO = "SELECT (tenant_id, team_id, member_id, added_at)"
_ELSEWHERE = dict.fromkeys((Role.DOCS, Role.COURIER), "true")
"""A firm's grant names a team of its provider, so both look past the firm; they see ids and times alone."""


class Team(Record):
    """Some people of an organization, by a name of its own: sealed, with a blind index."""

    __tablename__ = "teams"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["organizations.id"]),
        Index(None, "tenant_id", "name_index", unique=True, postgresql_where=text("state = 'active'")),
        CheckConstraint("state IN ('active', 'closed')", name="state"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed"),
        {
            "info": {
                "access": Access(
                    writer="auth",
                    grants={Role.AUTH: KEEP, Role.DOCS: (_WHICH,), Role.COURIER: (_WHICH,)},
                    across=_ELSEWHERE,
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    name_sealed: Mapped[bytes]
    name_index: Mapped[bytes]
    state: Mapped[str]
    revision: Mapped[int]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[UUID | None]


class TeamMember(Record):
    """A person is in a team, now. Who was in it, and when, is in the log."""

    __tablename__ = "team_members"
    __table_args__ = (
        references("teams", "team_id"),
        ForeignKeyConstraint(
            ["tenant_id", "member_id", "member_kind"], ["members.tenant_id", "members.id", "members.kind"]
        ),
        CheckConstraint("member_kind = 'person'", name="member_kind"),
        Index(None, "tenant_id", "member_id"),
        {
            "info": {
                "access": Access(
                    writer="auth",
                    grants={Role.AUTH: ALL, Role.DOCS: (_WHO,), Role.COURIER: (_WHO,)},
                    across=_ELSEWHERE,
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    team_id: Mapped[RowId]
    member_id: Mapped[RowId]
    member_kind: Mapped[str] = mapped_column(server_default="person")
    """A program is in no team: what it may, and where, it is given by name."""
    added_at: Mapped[datetime]
    added_by: Mapped[UUID]


def teams_of(organization: ColumnElement[UUID] | UUID, member: ColumnElement[UUID] | UUID) -> Select[UUID]:
    """The teams that a member of an organization is in now; a closed one has nobody in it."""
    return (
        select(TeamMember.team_id)
        .join(Team, (Team.tenant_id == TeamMember.tenant_id) & (Team.id == TeamMember.team_id))
        .where(TeamMember.tenant_id == organization, TeamMember.member_id == member, Team.state == "active")
    )
