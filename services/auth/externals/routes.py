"""External people over HTTP: parse, call, return."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.auth.externals import service
from services.auth.externals.schemas import ExternalMemberPage, ExternalTerms
from services.auth.resources import ResourcesDep
from services.auth.wire import PageQuery
from services.evidence.act import OwnActDep
from services.kernel.http.operation import declare, json_body
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute)


@router.get(
    "/v1/external-members",
    **declare("members.list_external", scopes=(Scope.MEMBER_LIST,), event="member.external.listed"),
)
async def list_external(
    act: OwnActDep, resources: ResourcesDep, query: Annotated[PageQuery, Query()]
) -> ExternalMemberPage:
    """List who is here for a time, until when, and whether somebody still answers for them."""
    return await service.list_external(act, resources, query)


@router.put(
    "/v1/members/{member_id}/external",
    **declare(
        "members.set_external",
        scopes=(Scope.MEMBER_MANAGE,),
        event="member.external.changed",
        fresh=True,
        problems=(409,),
        **json_body(),
    ),
)
async def set_external(act: OwnActDep, member_id: UUID, body: ExternalTerms) -> ExternalTerms:
    """Say until when a member belongs to your organization, and who answers for them."""
    return await service.agree(act, member_id, body)
