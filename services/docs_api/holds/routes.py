from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.docs_api.holds import service
from services.docs_api.holds.schemas import HoldPage, HoldView, NewHold, Release
from services.docs_api.wire import ListQuery
from services.evidence.act import ActDep
from services.kernel.http.operation import declare, json_body
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute, tags=["holds"])


@router.post(
    "/v1/matters/{matter_id}/holds",
    status_code=201,
    **declare("holds.place", scopes=(Scope.HOLD_MANAGE,), event="hold.placed", fresh=True, **json_body()),
)
async def place(act: ActDep, matter_id: UUID, body: NewHold) -> HoldView:
    """Hold a matter, or one document of it: nothing of it can be removed until the hold is released."""
    return await service.place_hold(act, matter_id, body)


@router.get(
    "/v1/matters/{matter_id}/holds",
    **declare("holds.list", scopes=(Scope.HOLD_READ,), event="hold.listed"),
)
async def list_(act: ActDep, matter_id: UUID, query: Annotated[ListQuery, Query()]) -> HoldPage:
    """List the holds of a matter, released ones too."""
    return await service.list_holds(act, matter_id, query)


@router.post(
    "/v1/holds/{hold_id}/release",
    **declare(
        "holds.release",
        scopes=(Scope.HOLD_MANAGE,),
        event="hold.released",
        fresh=True,
        problems=(409,),
        **json_body(),
    ),
)
async def release(act: ActDep, hold_id: UUID, body: Release) -> HoldView:
    """Release a hold, and say why."""
    return await service.release_hold(act, hold_id, body)
