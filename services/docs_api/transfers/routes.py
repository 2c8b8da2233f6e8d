from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect

from services.docs_api.documents.schemas import DocumentView
from services.docs_api.documents.service import described, subject_of
from services.docs_api.transfers.fetch import fetch_content
from services.docs_api.transfers.headers import content_headers
from services.docs_api.transfers.receive import receive_content
from services.evidence.act import ActDep
from services.evidence.event import Draft
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
            problems=(408, 409, 423),
        )
    ),
)
async def put(request: Request, upload_id: UUID) -> DocumentView | Response:
    """Send the content of an upload, in one streamed request."""
    try:
        return await receive_content(request, upload_id)
    except ClientDisconnect:
        return Response(status_code=400)  # to nobody


@router.get(
    "/v1/documents/{document_id}/content",
    response_class=Response,
    **_giving_bytes(declare("documents.fetch", scopes=(Scope.DOCUMENT_READ,), event="document.fetched")),
)
async def fetch(request: Request, document_id: UUID) -> Response:
    """Fetch the content of a document."""
    return await fetch_content(request, document_id)


@router.head(
    "/v1/documents/{document_id}/content",
    response_class=Response,
    **declare("documents.head", scopes=(Scope.DOCUMENT_READ,), event="document.described"),
)
async def head(act: ActDep, document_id: UUID) -> Response:
    """Ask for the header of a document's content alone."""
    row, document = await described(act, document_id)
    assert document.version is not None
    await act.record(Draft("document.described", subject=subject_of(row)))
    return Response(headers=content_headers(document, document.version))
