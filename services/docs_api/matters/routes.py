from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.docs_api.matters import service
from services.docs_api.matters.schemas import MatterPage, MatterView, NewMatter
from services.docs_api.wire import ListQuery
from services.evidence.act import ActDep
from services.kernel.http.operation import declare, json_body
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute, tags=["matters"])


@router.post(
    "/v1/matters",
    status_code=201,
    **declare(
        "matters.create",
        scopes=(Scope.MATTER_CREATE,),
        event="matter.created",
        problems=(409,),
        **json_body(),
    ),
)
async def create(act: ActDep, body: NewMatter) -> MatterView:
    """Open a matter."""
    return await service.create_matter(act, body)


@router.get("/v1/matters", **declare("matters.list", scopes=(Scope.MATTER_READ,), event="matter.listed"))
async def list_(act: ActDep, query: Annotated[ListQuery, Query()]) -> MatterPage:
    """List the matters that one is on, or holds a live grant on."""
    return await service.list_matters(act, query)


@router.get(
    "/v1/matters/{matter_id}", **declare("matters.get", scopes=(Scope.MATTER_READ,), event="matter.read")
)
async def get(act: ActDep, matter_id: UUID) -> MatterView:
    """Read one matter."""
    return await service.get_matter(act, matter_id)
