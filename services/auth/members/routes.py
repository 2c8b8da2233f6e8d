"""Members over HTTP: parse, call, return."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.auth.members import declaring, service
from services.auth.members.schemas import ColleaguePage, FirmPage, Me, MemberCountry, MemberPage
from services.auth.resources import ResourcesDep
from services.auth.wire import PageQuery
from services.evidence.act import OwnActDep
from services.kernel.http.operation import declare, json_body
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute)
Page = Annotated[PageQuery, Query()]


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
