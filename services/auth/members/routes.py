"""Members over HTTP: parse, call, return."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query

from services.auth.members import administration, declaring, service
from services.auth.members.schemas import (
    ColleaguePage,
    FirmPage,
    Me,
    MemberCountry,
    MemberPage,
    MemberView,
    NewRoles,
)
from services.auth.resources import ResourcesDep
from services.auth.wire import PageQuery
from services.evidence.act import OwnActDep
from services.kernel.http.operation import declare, json_body
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute)
Page = Annotated[PageQuery, Query()]
IfMatch = Annotated[str | None, Header(alias="If-Match", max_length=200)]


@router.get("/v1/me", **declare("members.self", scopes=(Scope.SELF,), event="member.self.read"))
async def read_self(act: OwnActDep, resources: ResourcesDep) -> Me:
    """Say who you are here, and for whom you act."""
    return await service.read_self(act, resources)


@router.get("/v1/firms", **declare("firms.list", scopes=(Scope.SELF,), event="firm.listed"))
async def list_firms(act: OwnActDep, query: Page) -> FirmPage:
    """List the firms that you may act for."""
    return await service.list_firms(act, query)


@router.get("/v1/members", **declare("members.list", scopes=(Scope.MEMBER_LIST,), event="member.listed"))
async def list_members(act: OwnActDep, resources: ResourcesDep, query: Page) -> MemberPage:
    """List the members of your organization."""
    return await service.list_members(act, resources, query)


@router.get(
    "/v1/providers/{provider_id}/members",
    **declare("providers.list_members", scopes=(Scope.ENGAGEMENT_READ,), event="provider.member.listed"),
)
async def list_colleagues(
    act: OwnActDep, resources: ResourcesDep, provider_id: UUID, query: Page
) -> ColleaguePage:
    """List the staff of a provider that your firm has engaged."""
    return await service.list_colleagues(act, resources, provider_id, query)


@router.put(
    "/v1/members/{member_id}/roles",
    **declare(
        "members.change_roles",
        scopes=(Scope.MEMBER_MANAGE,),
        event="member.roles.changed",
        fresh=True,
        problems=(409, 412, 428),
        **json_body(),
    ),
)
async def change_roles(
    act: OwnActDep, resources: ResourcesDep, member_id: UUID, body: NewRoles, if_match: IfMatch = None
) -> MemberView:
    """Replace a member's roles; their sessions end, so that no token says anything older."""
    change = administration.RoleChange(member_id, frozenset(body.roles), if_match)
    return await administration.change_roles(act, resources, change)


@router.post(
    "/v1/members/{member_id}/suspend",
    **declare(
        "members.suspend",
        scopes=(Scope.MEMBER_MANAGE,),
        event="member.suspended",
        fresh=True,
        problems=(409,),
    ),
)
async def suspend(act: OwnActDep, resources: ResourcesDep, member_id: UUID) -> MemberView:
    """Suspend a member: signed out everywhere, and their grants sleep."""
    return await administration.suspend(act, resources, member_id)


@router.post(
    "/v1/members/{member_id}/reinstate",
    **declare(
        "members.reinstate",
        scopes=(Scope.MEMBER_MANAGE,),
        event="member.reinstated",
        fresh=True,
        problems=(409,),
    ),
)
async def reinstate(act: OwnActDep, resources: ResourcesDep, member_id: UUID) -> MemberView:
    """Let a suspended member return, with their roles and with the grants that have not ended."""
    return await administration.reinstate(act, resources, member_id)


@router.post(
    "/v1/members/{member_id}/unlock",
    **declare(
        "members.unlock",
        scopes=(Scope.MEMBER_MANAGE,),
        event="member.unlocked",
        fresh=True,
        problems=(409,),
    ),
)
async def unlock(act: OwnActDep, resources: ResourcesDep, member_id: UUID) -> MemberView:
    """Lift what failures of others have cost a member's account: they may try again from anywhere."""
    return await administration.unlock(act, resources, member_id)


@router.post(
    "/v1/members/{member_id}/offboard",
    **declare(
        "members.offboard",
        scopes=(Scope.MEMBER_MANAGE,),
        event="member.offboarded",
        fresh=True,
        problems=(409,),
    ),
)
async def offboard(act: OwnActDep, resources: ResourcesDep, member_id: UUID) -> MemberView:
    """Remove a member for good: sessions, refresh tokens, transfers, grants and open invitations end."""
    return await administration.offboard(act, resources, member_id)


@router.put(
    "/v1/members/{member_id}/country",
    **declare(
        "members.declare_country",
        scopes=(Scope.MEMBER_COUNTRY,),
        event="member.country.declared",
        fresh=True,
        **json_body(),
    ),
)
async def declare_country(act: OwnActDep, member_id: UUID, body: MemberCountry) -> MemberCountry:
    """Declare in which country a member of your organization works."""
    return await declaring.declare_country(act, member_id, body)
