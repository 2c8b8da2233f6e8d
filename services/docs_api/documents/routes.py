from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.docs_api.documents import service
from services.docs_api.documents.schemas import (
    DocumentPage,
    DocumentQuery,
    DocumentView,
    NewDocument,
    NewDocumentView,
)
from services.evidence.act import ActDep
from services.kernel.http.operation import declare, json_body
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute, tags=["documents"])


@router.post(
    "/v1/matters/{matter_id}/documents",
    status_code=201,
    **declare(
        "documents.create",
        scopes=(Scope.DOCUMENT_WRITE,),
        event="document.created",
        problems=(409,),
        **json_body(),
    ),
)
async def create(act: ActDep, matter_id: UUID, body: NewDocument) -> NewDocumentView:
    """Create a document, and the upload that takes its content."""
    return await service.create_document(act, matter_id, body)


@router.get(
    "/v1/matters/{matter_id}/documents",
    **declare("documents.list", scopes=(Scope.DOCUMENT_LIST,), event="document.listed"),
)
async def list_(act: ActDep, matter_id: UUID, query: Annotated[DocumentQuery, Query()]) -> DocumentPage:
    """List the documents of a matter that one may read."""
    return await service.list_documents(act, matter_id, query)


@router.get(
    "/v1/documents/{document_id}",
    **declare("documents.get", scopes=(Scope.DOCUMENT_LIST,), event="document.described"),
)
async def get(act: ActDep, document_id: UUID) -> DocumentView:
    """Describe one document."""
    return await service.describe_document(act, document_id)
