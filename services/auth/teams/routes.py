"""Teams over HTTP: parse, call, return."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query

from services.auth.resources import ResourcesDep
from services.auth.teams import service
from services.auth.teams.schemas import (
    ProviderTeamPage,
    TeamMemberPage,
    TeamMemberView,
    TeamName,
    TeamPage,
    TeamView,
)
from services.auth.wire import PageQuery
from services.evidence.act import OwnActDep
from services.kernel.http.operation import declare, json_body
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute)
Page = Annotated[PageQuery, Query()]
IfMatch = Annotated[str | None, Header(alias="If-Match", max_length=200)]
_MANAGE = (Scope.TEAM_MANAGE,)


@router.post(
    "/v1/teams",
    status_code=201,
    **declare(
        "teams.create", scopes=_MANAGE, event="team.created", fresh=True, problems=(409,), **json_body()
    ),
)
async def create(act: OwnActDep, resources: ResourcesDep, body: TeamName) -> TeamView:
    """Make a team of your organization."""
    return await service.create_team(act, resources, body)


@router.get("/v1/teams", **declare("teams.list", scopes=(Scope.MEMBER_LIST,), event="team.listed"))
async def list_(act: OwnActDep, resources: ResourcesDep, query: Page) -> TeamPage:
    """List the teams of your organization."""
    return await service.list_teams(act, resources, query)


@router.put(
    "/v1/teams/{team_id}/name",
    **declare(
        "teams.rename",
        scopes=_MANAGE,
        event="team.renamed",
        fresh=True,
        problems=(409, 412, 428),
        **json_body(),
    ),
)
async def rename(
    act: OwnActDep, resources: ResourcesDep, team_id: UUID, body: TeamName, if_match: IfMatch = None
) -> TeamView:
    """Give a team another name."""
    return await service.rename_team(act, resources, team_id, body, if_match)


@router.post(
    "/v1/teams/{team_id}/close",
    **declare("teams.close", scopes=_MANAGE, event="team.closed", fresh=True, problems=(409,)),
)
async def close(act: OwnActDep, resources: ResourcesDep, team_id: UUID) -> TeamView:
    """Close a team for good; what it was granted opens nothing any more."""
    return await service.close_team(act, resources, team_id)


@router.get(
    "/v1/teams/{team_id}/members",
    **declare("teams.list_members", scopes=(Scope.MEMBER_LIST,), event="team.members.listed"),
)
async def list_members(act: OwnActDep, team_id: UUID, query: Page) -> TeamMemberPage:
    """List who is in a team of your organization."""
    return await service.list_members(act, team_id, query)


@router.put(
    "/v1/teams/{team_id}/members/{member_id}",
    **declare("teams.add_member", scopes=_MANAGE, event="team.member.added", fresh=True, problems=(409,)),
)
async def add_member(act: OwnActDep, team_id: UUID, member_id: UUID) -> TeamMemberView:
    """Put a member of your organization into a team; what the team was granted opens for them."""
    return await service.add_to_team(act, team_id, member_id)


@router.delete(
    "/v1/teams/{team_id}/members/{member_id}",
    status_code=204,
    **declare(
        "teams.remove_member", scopes=_MANAGE, event="team.member.removed", fresh=True, problems=(409,)
    ),
)
async def remove_member(act: OwnActDep, team_id: UUID, member_id: UUID) -> None:
    """Take a member out of a team; a transfer under its grants ends within seconds."""
    await service.remove_from_team(act, team_id, member_id)


@router.get(
    "/v1/providers/{provider_id}/teams",
    **declare("providers.list_teams", scopes=(Scope.ENGAGEMENT_READ,), event="provider.team.listed"),
)
async def list_provider_teams(
    act: OwnActDep, resources: ResourcesDep, provider_id: UUID, query: Page
) -> ProviderTeamPage:
    """List the teams of a provider that your firm has engaged."""
    return await service.list_provider_teams(act, resources, provider_id, query)
