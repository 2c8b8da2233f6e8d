from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.docs_api.grants import own, service
from services.docs_api.grants.schemas import (
    GrantPage,
    GrantView,
    NewGrant,
    OwnGrantPage,
    RevokedGrantView,
)
from services.docs_api.wire import ListQuery
from services.evidence.act import ActDep
from services.kernel.http.operation import declare, json_body
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute, tags=["grants"])


@router.post(
    "/v1/matters/{matter_id}/grants",
    status_code=201,
    **declare(
        "grants.create",
        scopes=(Scope.GRANT_MANAGE,),
        event="grant.given",
        fresh=True,
        problems=(409,),
        **json_body(),
    ),
)
async def create(act: ActDep, matter_id: UUID, body: NewGrant) -> GrantView:
    """Grant a paralegal, or a team, classes of documents in a matter; may answer an access request."""
    return await service.create_grant(act, matter_id, body)


@router.get(
    "/v1/matters/{matter_id}/grants",
    **declare("grants.list", scopes=(Scope.GRANT_READ,), event="grant.listed"),
)
async def list_(act: ActDep, matter_id: UUID, query: Annotated[ListQuery, Query()]) -> GrantPage:
    """List the grants of a matter."""
    return await service.list_grants(act, matter_id, query)


@router.post(
    "/v1/grants/{grant_id}/revoke",
    **declare(
        "grants.revoke", scopes=(Scope.GRANT_MANAGE,), event="grant.revoked", fresh=True, problems=(409,)
    ),
)
async def revoke(act: ActDep, grant_id: UUID) -> RevokedGrantView:
    """Revoke a grant; a transfer under it ends within seconds. Says which other grants remain."""
    return await service.revoke_grant(act, grant_id)


@router.get("/v1/grants", **declare("grants.list_own", scopes=(Scope.GRANT_OWN,), event="grant.own.listed"))
async def list_own(act: ActDep, query: Annotated[ListQuery, Query()]) -> OwnGrantPage:
    """List your own grants for the firm that you act for, and what they wait for."""
    return await own.list_own_grants(act, query)
