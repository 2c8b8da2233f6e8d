from typing import Annotated

from fastapi import APIRouter, Query

from services.docs_api.changes import service
from services.docs_api.changes.schemas import Changes, ChangesQuery
from services.evidence.act import ActDep
from services.kernel.http.operation import declare
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute, tags=["changes"])


@router.get(
    "/v1/changes",
    **declare("changes.read", scopes=(Scope.MATTER_READ,), event="changes.read", problems=(410,)),
)
async def read(act: ActDep, query: Annotated[ChangesQuery, Query()]) -> Changes:
    """Read what happened that concerns you: grants, and documents that you may read."""
    return await service.read_changes(act, query)
