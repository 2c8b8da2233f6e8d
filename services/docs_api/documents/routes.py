from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response

from services.docs_api.conditions import quoted
from services.docs_api.documents import changes, service, versions
from services.docs_api.documents.schemas import (
    ChangePage,
    DocumentChange,
    DocumentPage,
    DocumentQuery,
    DocumentView,
    NewDocument,
    NewDocumentView,
    NewVersion,
    NewVersionView,
    VersionPage,
)
from services.docs_api.wire import ListQuery
from services.evidence.act import ActDep
from services.kernel.http.operation import declare, json_body
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute, tags=["documents"])
IfMatch = Annotated[str | None, Header()]
_CHANGING: dict[str, Any] = {"scopes": (Scope.DOCUMENT_WRITE,), "problems": (409, 412, 428)}


@router.post(
    "/v1/matters/{matter_id}/documents",
    status_code=201,
    **declare(
        "documents.create",
        scopes=(Scope.DOCUMENT_WRITE,),
        event="document.created",
        problems=(409, 429),
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
async def get(act: ActDep, document_id: UUID, response: Response) -> DocumentView:
    """Describe one document; the etag is what a change must name."""
    return _tagged(response, await service.describe_document(act, document_id))


@router.patch(
    "/v1/documents/{document_id}",
    **declare("documents.change", event="document.changed", **_CHANGING, **json_body()),
)
async def change(
    act: ActDep, document_id: UUID, body: DocumentChange, response: Response, if_match: IfMatch = None
) -> DocumentView:
    """Rename, move, reclassify, tag or annotate a document."""
    return _tagged(response, await changes.change_document(act, document_id, if_match, body))


@router.post(
    "/v1/documents/{document_id}/withdraw",
    **declare("documents.withdraw", event="document.withdrawn", **_CHANGING),
)
async def withdraw(
    act: ActDep, document_id: UUID, response: Response, if_match: IfMatch = None
) -> DocumentView:
    """Withdraw a document that should not be in the matter."""
    return _tagged(response, await changes.withdraw_document(act, document_id, if_match))


@router.post(
    "/v1/documents/{document_id}/restore",
    **declare("documents.restore", event="document.restored", **_CHANGING),
)
async def restore(
    act: ActDep, document_id: UUID, response: Response, if_match: IfMatch = None
) -> DocumentView:
    """Put a withdrawn document back."""
    return _tagged(response, await changes.restore_document(act, document_id, if_match))


@router.get(
    "/v1/documents/{document_id}/history",
    **declare("documents.history", scopes=(Scope.DOCUMENT_LIST,), event="document.history.read"),
)
async def history(act: ActDep, document_id: UUID, query: Annotated[ListQuery, Query()]) -> ChangePage:
    """List what became of a document, with what it was before each change."""
    return await changes.list_changes(act, document_id, query)


@router.post(
    "/v1/documents/{document_id}/versions",
    status_code=201,
    **declare(
        "versions.create",
        scopes=(Scope.DOCUMENT_WRITE,),
        event="document.version.created",
        problems=(409, 429),
        **json_body(),
    ),
)
async def create_version(act: ActDep, document_id: UUID, body: NewVersion) -> NewVersionView:
    """Begin a new version of a document, and the upload that takes its content."""
    return await versions.create_version(act, document_id, body)


@router.get(
    "/v1/documents/{document_id}/versions",
    **declare("versions.list", scopes=(Scope.DOCUMENT_LIST,), event="document.versions.listed"),
)
async def list_versions(act: ActDep, document_id: UUID, query: Annotated[ListQuery, Query()]) -> VersionPage:
    """List the complete versions of a document."""
    return await versions.list_versions(act, document_id, query)


def _tagged(response: Response, document: DocumentView) -> DocumentView:
    response.headers["etag"] = quoted(document.revision)
    return document
