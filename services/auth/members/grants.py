"""The firms in which one of a provider's people, or teams, holds a grant, as far as `auth` must know."""

from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from services.auth.lookups import Place
from services.evidence.act import Act
from services.tables.agreements import Grant, held_by


async def firms_with_grants_of(act: Act, member: Place) -> dict[UUID, int]:
    """How many grants that have not ended the member holds, alone or in a team, by firm."""
    return await _not_ended(act, held_by(member.tenant, member.id))


async def firms_with_grants_to(act: Act, team: Place) -> dict[UUID, int]:
    """How many grants to the team have not ended, in each firm that gave any."""
    return await _not_ended(act, (Grant.provider_id == team.tenant) & (Grant.team_id == team.id))


async def _not_ended(act: Act, which: ColumnElement[bool]) -> dict[UUID, int]:
    wanted = (
        select(Grant.tenant_id, func.count(Grant.id))
        .where(which, Grant.revoked_at.is_(None), Grant.ends_at > act.now)
        .group_by(Grant.tenant_id)
    )
    return {row[0]: row[1] for row in await act.session.execute(wanted)}
