from typing import Annotated

from fastapi import APIRouter, Query

from services.docs_api.classes import service
from services.docs_api.classes.schemas import ClassPage, ClassView, NewClass
from services.docs_api.wire import ListQuery
from services.evidence.act import ActDep
from services.kernel.http.operation import declare, json_body
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute, tags=["classes"])


@router.post(
    "/v1/classes",
    status_code=201,
    **declare(
        "classes.create", scopes=(Scope.CLASS_MANAGE,), event="class.created", problems=(409,), **json_body()
    ),
)
async def create(act: ActDep, body: NewClass) -> ClassView:
    """Add a document class to the firm's vocabulary."""
    return await service.create_class(act, body)


@router.get("/v1/classes", **declare("classes.list", scopes=(Scope.CLASS_READ,), event="class.listed"))
async def list_(act: ActDep, query: Annotated[ListQuery, Query()]) -> ClassPage:
    """List the document classes that one may know of."""
    return await service.list_classes(act, query)
