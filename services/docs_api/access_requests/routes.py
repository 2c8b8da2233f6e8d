from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.docs_api.access_requests import service
from services.docs_api.access_requests.schemas import (
    AccessRequestPage,
    AccessRequestView,
    Decline,
    NewAccessRequest,
)
from services.docs_api.wire import ListQuery
from services.evidence.act import ActDep
from services.kernel.http.operation import declare, json_body
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute, tags=["access requests"])


@router.post(
    "/v1/matters/{matter_id}/access-requests",
    status_code=201,
    **declare(
        "access_requests.make",
        scopes=(Scope.ACCESS_REQUEST,),
        event="access_request.made",
        problems=(409, 429),
        **json_body(),
    ),
)
async def make(act: ActDep, matter_id: UUID, body: NewAccessRequest) -> AccessRequestView:
    """Ask the people on a matter for access, for yourself or a colleague."""
    return await service.make_request(act, matter_id, body)


@router.get(
    "/v1/matters/{matter_id}/access-requests",
    **declare("access_requests.list", scopes=(Scope.GRANT_READ,), event="access_request.listed"),
)
async def list_(act: ActDep, matter_id: UUID, query: Annotated[ListQuery, Query()]) -> AccessRequestPage:
    """List the access requests of a matter; a grant that names one answers it."""
    return await service.list_requests(act, matter_id, query)


@router.get(
    "/v1/access-requests",
    **declare("access_requests.list_own", scopes=(Scope.GRANT_OWN,), event="access_request.own.listed"),
)
async def list_own(act: ActDep, query: Annotated[ListQuery, Query()]) -> AccessRequestPage:
    """List what you asked for in the firm that you act for, and what was asked for you."""
    return await service.list_own_requests(act, query)


@router.post(
    "/v1/access-requests/{request_id}/decline",
    **declare(
        "access_requests.decline",
        scopes=(Scope.GRANT_MANAGE,),
        event="access_request.declined",
        problems=(409,),
        **json_body(),
    ),
)
async def decline(act: ActDep, request_id: UUID, body: Decline) -> AccessRequestView:
    """Decline an access request, and say why."""
    return await service.decline_request(act, request_id, body)


@router.post(
    "/v1/access-requests/{request_id}/withdraw",
    **declare(
        "access_requests.withdraw",
        scopes=(Scope.ACCESS_REQUEST,),
        event="access_request.withdrawn",
        problems=(409,),
    ),
)
async def withdraw(act: ActDep, request_id: UUID) -> AccessRequestView:
    """Take back an access request."""
    return await service.withdraw_request(act, request_id)
