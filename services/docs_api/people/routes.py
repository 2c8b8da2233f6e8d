from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.docs_api.people import service
from services.docs_api.people.schemas import MatterPersonPage, MatterPersonView
from services.docs_api.wire import ListQuery
from services.evidence.act import ActDep
from services.kernel.http.operation import declare
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute, tags=["people"])


@router.put(
    "/v1/matters/{matter_id}/people/{member_id}",
    **declare("people.add", scopes=(Scope.MATTER_STAFF,), event="matter.person.added"),
)
async def add(act: ActDep, matter_id: UUID, member_id: UUID) -> MatterPersonView:
    """Put a member of the firm on a matter."""
    return await service.add_person(act, matter_id, member_id)


@router.delete(
    "/v1/matters/{matter_id}/people/{member_id}",
    status_code=204,
    **declare("people.remove", scopes=(Scope.MATTER_STAFF,), event="matter.person.removed", problems=(409,)),
)
async def remove(act: ActDep, matter_id: UUID, member_id: UUID) -> None:
    """Take a member off a matter."""
    await service.remove_person(act, matter_id, member_id)


@router.get(
    "/v1/matters/{matter_id}/people",
    **declare("people.list", scopes=(Scope.MATTER_READ,), event="matter.people.listed"),
)
async def list_(act: ActDep, matter_id: UUID, query: Annotated[ListQuery, Query()]) -> MatterPersonPage:
    """List the firm's people on a matter."""
    return await service.list_people(act, matter_id, query)
