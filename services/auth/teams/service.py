"""What an administrator does to a team of their own organization, and who may see which teams there are.

A firm's grant may name a team of its provider. So who joins and who leaves is told in the log of every firm
that has given the team a grant, beside the organization's own; access is asked of the tables each time.
"""

from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from services.auth.acting import require_engagement
from services.auth.enrolment.queries import lock_organization
from services.auth.errors import MemberStateConflict, TeamExists
from services.auth.identity import IdentityKeys
from services.auth.locks import lock_member
from services.auth.lookups import Place
from services.auth.members.grants import firms_with_grants_to
from services.auth.resources import Resources
from services.auth.teams.queries import open_team, page_of, size_of
from services.auth.teams.schemas import (
    ProviderTeamPage,
    ProviderTeamView,
    TeamMemberPage,
    TeamMemberView,
    TeamName,
    TeamPage,
    TeamView,
)
from services.auth.wire import PageQuery, cursor_of
from services.evidence.act import Act, check_session
from services.evidence.event import Draft, Subject
from services.kernel.ids import new_id
from services.kernel.problems import NotFound, PreconditionFailed, PreconditionRequired
from services.tables.teams import Team, TeamMember


async def create_team(act: Act, resources: Resources, body: TeamName) -> TeamView:
    """A team with nobody in it yet (raises TeamExists)."""
    await _begin(act)
    tenant, team_id = act.principal.organization, new_id(act.now)
    team = Team(
        tenant_id=tenant,
        id=team_id,
        name_sealed=resources.keys.seal_team(tenant, team_id, body.name),
        name_index=resources.keys.team_index(body.name),
        state="active",
        revision=1,
        created_at=act.now,
        created_by=act.principal.id,
    )
    act.session.add(team)
    await _flush(act)
    await act.record(Draft("team.created", subject=Subject("team", team_id)), tenant)
    return _view(resources.keys, team, 0)


async def rename_team(
    act: Act, resources: Resources, team_id: UUID, body: TeamName, if_match: str | None
) -> TeamView:
    """Call it something else.

    Raises:
        NotFound, TeamClosed: there is no such team to change.
        PreconditionRequired, PreconditionFailed: the caller has not seen what is there now.
        TeamExists: another team has the name.
    """
    await _begin(act)
    place = Place(act.principal.organization, team_id)
    team = await open_team(act, place)
    if if_match is None:
        raise PreconditionRequired
    if if_match != _etag(team):
        raise PreconditionFailed
    team.name_sealed = resources.keys.seal_team(place.tenant, place.id, body.name)
    team.name_index = resources.keys.team_index(body.name)
    team.revision += 1
    await _flush(act)
    await act.record(Draft("team.renamed", subject=Subject("team", team_id)), place.tenant)
    return _view(resources.keys, team, await size_of(act, place))


async def close_team(act: Act, resources: Resources, team_id: UUID) -> TeamView:
    """For good: what it was granted opens nothing any more (raises NotFound, TeamClosed)."""
    await _begin(act)
    place = Place(act.principal.organization, team_id)
    team = await open_team(act, place)
    team.state, team.closed_at, team.closed_by = "closed", act.now, act.principal.id
    count = await size_of(act, place)
    await record_change(act, place, "team.closed", {"members": count})
    return _view(resources.keys, team, count)


async def add_to_team(act: Act, team_id: UUID, member_id: UUID) -> TeamMemberView:
    """Put a person of the organization into a team; who is in it already stays as they are.

    Raises:
        NotFound: there is no such team, or no such person: a program is in none.
        TeamClosed: the team was closed.
        MemberStateConflict: the member has not joined yet, or was removed.
    """
    await _begin(act)
    place, member = Place(act.principal.organization, team_id), Place(act.principal.organization, member_id)
    locked = await lock_member(act.session, member)
    if locked is None or locked.kind != "person":
        raise NotFound
    await open_team(act, place)
    if locked.state not in {"active", "suspended"}:
        raise MemberStateConflict(f"The member is {locked.state}.")
    row = await join_team(act, place, member_id, act.principal.id)
    await record_change(act, place, "team.member.added", {"member": str(member_id)})
    return _member_view(row)


async def join_team(act: Act, team: Place, member: UUID, by: UUID) -> TeamMember:
    """The row of somebody in a team, made if there is none."""
    row: TeamMember | None = await act.session.scalar(
        insert(TeamMember)
        .values(
            tenant_id=team.tenant,
            team_id=team.id,
            member_id=member,
            added_at=act.now,
            added_by=by,
        )
        .on_conflict_do_update(
            index_elements=["tenant_id", "team_id", "member_id"],
            set_={"added_at": TeamMember.added_at},  # changes nothing, and returns the row that is there
        )
        .returning(TeamMember)
    )
    assert row is not None
    return row


async def leave_teams(act: Act, member: Place) -> None:
    """Somebody was removed from the organization: they are in no team any more, and each of them says so."""
    left = await act.session.scalars(
        delete(TeamMember)
        .where(TeamMember.tenant_id == member.tenant, TeamMember.member_id == member.id)
        .returning(TeamMember.team_id)
    )
    change: dict[str, object] = {"member": str(member.id), "reason": "offboarded"}
    for team in sorted(left):
        await act.record(
            Draft("team.member.removed", subject=Subject("team", team), change=change), member.tenant
        )


async def remove_from_team(act: Act, team_id: UUID, member_id: UUID) -> None:
    """Take a member out of a team. Their next request feels it, and what they transfer ends.

    Raises:
        NotFound: there is no such team, or the member is not in it.
        TeamClosed: the team was closed.
    """
    await _begin(act)
    place = Place(act.principal.organization, team_id)
    await open_team(act, place)
    removed = await act.session.scalar(
        delete(TeamMember)
        .where(
            TeamMember.tenant_id == place.tenant,
            TeamMember.team_id == place.id,
            TeamMember.member_id == member_id,
        )
        .returning(TeamMember.member_id)
    )
    if removed is None:
        raise NotFound
    await record_change(act, place, "team.member.removed", {"member": str(member_id)})


async def list_teams(act: Act, resources: Resources, query: PageQuery) -> TeamPage:
    """The teams of one's own organization, closed ones too."""
    tenant = act.principal.organization
    rows, following = await page_of(act, tenant, ("active", "closed"), query)
    await act.record(Draft("team.listed", change={"count": len(rows)}), tenant)
    items = [_view(resources.keys, team, count) for team, count in rows]
    return TeamPage(items=items, next=following)


async def list_members(act: Act, team_id: UUID, query: PageQuery) -> TeamMemberPage:
    """Who is in a team of one's own organization (raises NotFound)."""
    tenant = act.principal.organization
    there = await act.session.scalar(select(Team.id).where(Team.tenant_id == tenant, Team.id == team_id))
    if there is None:
        raise NotFound
    wanted = select(TeamMember).where(TeamMember.tenant_id == tenant, TeamMember.team_id == team_id)
    if query.after is not None:
        wanted = wanted.where(TeamMember.member_id > query.after)
    rows = (await act.session.scalars(wanted.order_by(TeamMember.member_id).limit(query.limit + 1))).all()
    page = rows[: query.limit]
    subject = Subject("team", team_id)
    await act.record(Draft("team.members.listed", subject=subject, change={"count": len(page)}), tenant)
    following = cursor_of(page[-1].member_id) if len(rows) > query.limit else None
    return TeamMemberPage(items=[_member_view(row) for row in page], next=following)


async def list_provider_teams(
    act: Act, resources: Resources, provider: UUID, query: PageQuery
) -> ProviderTeamPage:
    """The teams of a provider that the firm has engaged (raises NotFound: it has not, or there is none)."""
    firm = act.principal.organization
    await act.see(firm, provider)
    await require_engagement(act.session, firm, provider, act.now)
    rows, following = await page_of(act, provider, ("active",), query)
    subject = Subject("organization", provider)
    await act.record(Draft("provider.team.listed", subject=subject, change={"count": len(rows)}), firm)
    items = [
        ProviderTeamView(
            id=team.id, name=resources.keys.open_team(provider, team.id, team.name_sealed), members=count
        )
        for team, count in rows
    ]
    return ProviderTeamPage(items=items, next=following)


async def _begin(act: Act) -> None:
    """One after the other with whoever else changes the organization's people; the principal still may."""
    await lock_organization(act.session, act.principal.organization)
    await check_session(act.session, act.principal, act.now)


async def _flush(act: Act) -> None:
    try:
        await act.session.flush()  # here, so that a name that is taken is told as such
    except IntegrityError:
        raise TeamExists from None


async def record_change(act: Act, team: Place, event: str, change: dict[str, object]) -> None:
    """One event in the tree of each firm that has given the team a grant, and one at home."""
    subject = Subject("team", team.id)
    firms = await firms_with_grants_to(act, team)
    await act.see(team.tenant, *firms)
    for firm, grants in sorted(firms.items()):
        await act.record(Draft(event, subject=subject, change=change | {"grants": grants}), firm)
    await act.record(Draft(event, subject=subject, change=change | {"firms": len(firms)}), team.tenant)


def _etag(team: Team) -> str:
    return f'"{team.revision}"'


def _view(keys: IdentityKeys, team: Team, members: int) -> TeamView:
    return TeamView.model_validate(
        {
            "id": team.id,
            "name": keys.open_team(team.tenant_id, team.id, team.name_sealed),
            "state": team.state,
            "members": members,
            "created_at": team.created_at,
            "etag": _etag(team),
        }
    )


def _member_view(row: TeamMember) -> TeamMemberView:
    return TeamMemberView(
        team_id=row.team_id, member_id=row.member_id, added_at=row.added_at, added_by=row.added_by
    )
