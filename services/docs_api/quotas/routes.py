from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.docs_api.quotas import service
from services.docs_api.quotas.schemas import MatterUsagePage, MatterUsageView, NewMatterQuota, Usage
from services.docs_api.wire import ListQuery
from services.evidence.act import ActDep
from services.kernel.http.operation import declare, json_body
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute, tags=["quotas"])


@router.get("/v1/usage", **declare("usage.get", scopes=(Scope.QUOTA_MANAGE,), event="usage.read"))
async def get(act: ActDep) -> Usage:
    """Read how much content one's firm holds and may hold."""
    return await service.read_usage(act)


@router.get(
    "/v1/usage/matters",
    **declare("usage.list_matters", scopes=(Scope.QUOTA_MANAGE,), event="usage.matters.listed"),
)
async def list_matters(act: ActDep, query: Annotated[ListQuery, Query()]) -> MatterUsagePage:
    """List how much content each matter of one's firm holds and may hold."""
    return await service.list_matter_usages(act, query)


@router.put(
    "/v1/matters/{matter_id}/quota",
    **declare(
        "matters.set_quota",
        scopes=(Scope.QUOTA_MANAGE,),
        event="matter.quota.set",
        fresh=True,
        **json_body(),
    ),
)
async def set_quota(act: ActDep, matter_id: UUID, body: NewMatterQuota) -> MatterUsageView:
    """Say how much content a matter may hold."""
    return await service.set_matter_quota(act, matter_id, body)
