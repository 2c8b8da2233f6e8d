from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect

from services.docs_api.documents.schemas import DocumentView
from services.docs_api.documents.versions import number_of
from services.docs_api.transfers.admissions import Wanted
from services.docs_api.transfers.fetch import fetch_content, head_of_content
from services.docs_api.transfers.receive import receive_content
from services.docs_api.vault import vault_of
from services.evidence.act import ActDep
from services.kernel.http.admission import principal_of
from services.kernel.http.operation import declare
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute, tags=["transfers"])
_BYTES = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


def _taking_bytes(declared: dict[str, Any]) -> dict[str, Any]:
    """A declaration whose request body is described as bytes; FastAPI sees none, because we stream it."""
    declared["openapi_extra"]["requestBody"] = {"required": True, "content": _BYTES}
    return declared


def _giving_bytes(declared: dict[str, Any]) -> dict[str, Any]:
    declared["responses"][200] = {"description": "The content", "content": _BYTES}
    declared["responses"][206] = {"description": "The range of it that was asked for", "content": _BYTES}
    declared["responses"][304] = {"description": "The content is what If-None-Match names"}
    return declared


@router.put(
    "/v1/uploads/{upload_id}/content",
    response_model=DocumentView,
    **_taking_bytes(
        declare(
            "uploads.put",
            scopes=(Scope.DOCUMENT_WRITE,),
            event="document.received",
            body_limit_bytes=None,
            media_type="application/octet-stream",
            problems=(408, 409, 423, 429),
        )
    ),
)
async def put(request: Request, upload_id: UUID) -> DocumentView | Response:
    """Send the content of an upload, in one streamed request."""
    try:
        with vault_of(request).slots.take(principal_of(request).session):
            return await receive_content(request, upload_id)
    except ClientDisconnect:
        return Response(status_code=400)  # to nobody


_FETCHING: dict[str, Any] = {"event": "document.fetched", "problems": (412, 416, 429)}


@router.get(
    "/v1/documents/{document_id}/content",
    response_class=Response,
    **_giving_bytes(declare("documents.fetch", scopes=(Scope.DOCUMENT_READ,), **_FETCHING)),
)
async def fetch(request: Request, document_id: UUID) -> Response:
    """Fetch the content of a document, or a range of it."""
    return await fetch_content(request, Wanted(document_id))


@router.head(
    "/v1/documents/{document_id}/content",
    response_class=Response,
    **declare("documents.head", scopes=(Scope.DOCUMENT_READ,), event="document.described"),
)
async def head(act: ActDep, document_id: UUID) -> Response:
    """Ask for the header of a document's content alone."""
    return await head_of_content(act, Wanted(document_id))


@router.get(
    "/v1/documents/{document_id}/versions/{number}/content",
    response_class=Response,
    **_giving_bytes(declare("versions.fetch", scopes=(Scope.DOCUMENT_READ,), **_FETCHING)),
)
async def fetch_version(request: Request, document_id: UUID, number: str) -> Response:
    """Fetch the content of one version of a document, or a range of it."""
    return await fetch_content(request, Wanted(document_id, number_of(number)))


@router.head(
    "/v1/documents/{document_id}/versions/{number}/content",
    response_class=Response,
    **declare("versions.head", scopes=(Scope.DOCUMENT_READ,), event="document.described"),
)
async def head_version(act: ActDep, document_id: UUID, number: str) -> Response:
    """Ask for the header of a version's content alone."""
    return await head_of_content(act, Wanted(document_id, number_of(number)))
