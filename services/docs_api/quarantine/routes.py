from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.docs_api.documents.schemas import DocumentView
from services.docs_api.quarantine import service
from services.docs_api.quarantine.schemas import LettingOut, QuarantinePage
from services.docs_api.wire import ListQuery
from services.evidence.act import ActDep
from services.kernel.http.operation import declare, json_body
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute, tags=["quarantine"])


@router.get(
    "/v1/matters/{matter_id}/quarantine",
    **declare("quarantine.list", scopes=(Scope.DOCUMENT_LIST,), event="document.quarantine.listed"),
)
async def list_(act: ActDep, matter_id: UUID, query: Annotated[ListQuery, Query()]) -> QuarantinePage:
    """List the versions of a matter that are in quarantine, to people on it."""
    return await service.list_quarantine(act, matter_id, query)


@router.post(
    "/v1/documents/{document_id}/versions/{number}/release",
    **declare(
        "quarantine.release",
        scopes=(Scope.QUARANTINE_RELEASE,),
        event="document.released",
        fresh=True,
        problems=(409,),
        **json_body(),
    ),
)
async def release(act: ActDep, document_id: UUID, number: str, body: LettingOut) -> DocumentView:
    """Let a version out of the quarantine in spite of its scan, and say why."""
    return await service.let_out(act, document_id, number, body)
