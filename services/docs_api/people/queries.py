"""Who somebody is in their organization, as far as the vault must know."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from services.evidence.act import Act
from services.kernel.scopes import Role
from services.tables.auth import Member, MemberRole
from services.tables.teams import Team


async def has_role(act: Act, organization: UUID, member: UUID, roles: Collection[Role]) -> bool:
    """Whether `member` is active in `organization` with one of `roles`. The act must see that tenant."""
    found = await act.session.scalar(
        select(Member.id)
        .join(MemberRole, (MemberRole.tenant_id == Member.tenant_id) & (MemberRole.member_id == Member.id))
        .where(
            Member.tenant_id == organization,
            Member.id == member,
            Member.state == "active",
            MemberRole.role.in_(roles),
        )
        .limit(1)
    )
    return found is not None


async def is_team(act: Act, organization: UUID, team: UUID | None) -> bool:
    """Whether the organization has such a team, and it is not closed. The act must see that tenant."""
    found = await act.session.scalar(
        select(Team.id).where(Team.tenant_id == organization, Team.id == team, Team.state == "active")
    )
    return found is not None
