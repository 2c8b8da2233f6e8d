"""Named reads of teams. Every one is of a tenant that the act sees."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, select

from services.auth.errors import TeamClosed, TeamRefused
from services.auth.lookups import Place
from services.auth.wire import PageQuery, cursor_of
from services.evidence.act import Act
from services.kernel.problems import NotFound
from services.tables.teams import Team, TeamMember

Counted = tuple[Team, int]


async def open_team(act: Act, place: Place) -> Team:
    """The team, locked until the act ends.

    Raises:
        NotFound: the organization has no such team.
        TeamClosed: it was closed.
    """
    wanted = select(Team).where(Team.tenant_id == place.tenant, Team.id == place.id).with_for_update()
    team: Team | None = await act.session.scalar(wanted)
    if team is None:
        raise NotFound
    if team.state != "active":
        raise TeamClosed
    return team


async def find_open(act: Act, place: Place) -> Team | None:
    """The team, locked until the act ends; None if there is none, or it was closed."""
    wanted = select(Team).where(Team.tenant_id == place.tenant, Team.id == place.id, Team.state == "active")
    found: Team | None = await act.session.scalar(wanted.with_for_update())
    return found


async def require_team(act: Act, place: Place) -> None:
    """Return if the organization has such a team, and it is not closed (raises TeamRefused)."""
    if await find_open(act, place) is None:
        raise TeamRefused


async def size_of(act: Act, place: Place) -> int:
    """How many are in it."""
    mine = (TeamMember.tenant_id == place.tenant, TeamMember.team_id == place.id)
    return await act.session.scalar(select(func.count()).select_from(TeamMember).where(*mine)) or 0


async def page_of(
    act: Act, tenant: UUID, states: Collection[str], query: PageQuery
) -> tuple[Sequence[Counted], str | None]:
    """Teams in these states, oldest first, each with how many are in it; and where the next page begins."""
    wanted = _counted().where(Team.tenant_id == tenant, Team.state.in_(states)).order_by(Team.id)
    if query.after is not None:
        wanted = wanted.where(Team.id > query.after)
    rows = (await act.session.execute(wanted.limit(query.limit + 1))).all()
    page = [(row[0], row[1]) for row in rows[: query.limit]]
    return page, cursor_of(page[-1][0].id) if len(rows) > query.limit else None


def _counted() -> Select[Any]:
    within = and_(TeamMember.tenant_id == Team.tenant_id, TeamMember.team_id == Team.id)
    size = select(func.count()).select_from(TeamMember).where(within).correlate(Team).scalar_subquery()
    columns: tuple[Any, ...] = (Team, size)
    return select(*columns)
