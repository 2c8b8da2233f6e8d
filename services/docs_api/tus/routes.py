from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect

from services.docs_api.tus import creating, holding
from services.docs_api.tus.headers import (
    CHECKSUM_ALGORITHMS,
    MEDIA_TYPE,
    body_length,
    checksum_in,
    number_in,
)
from services.docs_api.tus.sending import Piece, send_piece
from services.docs_api.vault import vault_of
from services.kernel.http.admission import principal_of
from services.kernel.http.operation import declare
from services.kernel.http.strict_json import StrictRoute
from services.kernel.http.tus import VERSION
from services.kernel.problems import NotFound
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute, tags=["tus"])
_EXTENSIONS = "creation,creation-with-upload,expiration,checksum,termination"
_BODY = {"required": False, "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}}
_HOLDING: dict[str, Any] = {"access": "capability", "dialect": "tus", "scopes": (Scope.DOCUMENT_WRITE,)}


def _answered(declared: dict[str, Any], status: int, description: str) -> dict[str, Any]:
    """A declaration with the one good answer, which has headers alone."""
    declared["responses"][status] = {"description": description}
    return declared


def _taking_bytes(declared: dict[str, Any]) -> dict[str, Any]:
    declared["openapi_extra"]["requestBody"] = _BODY
    return declared


@router.options(
    "/v1/tus",
    **declare("tus.options", event="tus.options.read", access="public", dialect="tus"),
)
async def options(request: Request, response: Response) -> dict[str, int]:
    """Tell which of the tus protocol is served, and its limits."""
    settings = vault_of(request).settings
    response.headers.update(
        {
            "tus-version": VERSION,
            "tus-extension": _EXTENSIONS,
            "tus-checksum-algorithm": CHECKSUM_ALGORITHMS,
            "tus-max-size": str(settings.document_limit_bytes),
        }
    )
    return {
        "document_limit_bytes": settings.document_limit_bytes,
        "patch_minimum_bytes": settings.patch_minimum_bytes,
        "patches_at_most": -(-settings.document_limit_bytes // settings.patch_minimum_bytes),
        "upload_metadata_limit_bytes": settings.upload_metadata_limit_bytes,
        "open_uploads_per_member": settings.open_uploads_per_member,
        "reserved_bytes_per_member": settings.reserved_bytes_per_member,
        "upload_lifetime_seconds": settings.upload_lifetime_seconds,
        "firm_quota_bytes": settings.firm_quota_bytes,
        "matter_quota_bytes": settings.matter_quota_bytes,
    }


def _beginning(operation_id: str, event: str) -> dict[str, Any]:
    declared = declare(
        operation_id,
        scopes=(Scope.DOCUMENT_WRITE,),
        event=event,
        body_limit_bytes=None,
        dialect="tus",
        problems=(409, 412, 429),
    )
    return _answered(_taking_bytes(declared), 201, "Begun; Location is where it goes on, for whoever has it")


@router.post(
    "/v1/matters/{matter_id}/tus",
    response_class=Response,
    status_code=201,
    **_beginning("tus.create", "document.created"),
)
async def create(request: Request, matter_id: UUID) -> Response:
    """Begin a resumable upload of a new document."""
    return await _begun(request, creating.document_in(matter_id))


@router.post(
    "/v1/documents/{document_id}/tus",
    response_class=Response,
    status_code=201,
    **_beginning("tus.create_version", "document.version.created"),
)
async def create_version(request: Request, document_id: UUID) -> Response:
    """Begin a resumable upload of a new version of a document."""
    return await _begun(request, creating.version_in(document_id))


async def _begun(request: Request, opened: creating.Open) -> Response:
    try:
        return await creating.create_upload(request, opened)
    except ClientDisconnect:
        return Response(status_code=400)  # to nobody


@router.head(
    "/v1/tus/{capability}",
    response_class=Response,
    **declare("tus.head", event="upload.read", problems=(412,), **_HOLDING),
)
async def head(request: Request, capability: str) -> Response:  # noqa: ARG001 -- the gateway took it
    """Ask how far a resumable upload has come."""
    return await holding.tell_offset(request)


@router.patch(
    "/v1/tus/{capability}",
    response_class=Response,
    status_code=204,
    **_answered(
        _taking_bytes(
            declare(
                "tus.send",
                event="document.received",
                body_limit_bytes=None,
                media_type=MEDIA_TYPE,
                problems=(408, 409, 412, 423, 429, 460),
                **_HOLDING,
            )
        ),
        204,
        "Durable; Upload-Offset tells how far the upload has come",
    ),
)
async def send(request: Request, capability: str) -> Response:  # noqa: ARG001 -- the gateway took it
    """Send further content of a resumable upload."""
    upload = principal_of(request).upload
    if upload is None:
        raise NotFound
    headers = request.headers
    piece = Piece(number_in(headers, "upload-offset"), body_length(headers), checksum_in(headers))
    try:
        received = await send_piece(request, upload, piece)
    except ClientDisconnect:
        return Response(status_code=400)  # to nobody
    return Response(status_code=204, headers={"upload-offset": str(received)})


@router.delete(
    "/v1/tus/{capability}",
    response_class=Response,
    status_code=204,
    **declare("tus.end", event="upload.terminated", problems=(409, 412, 423), **_HOLDING),
)
async def end(request: Request, capability: str) -> Response:  # noqa: ARG001 -- the gateway took it
    """Give a resumable upload up."""
    return await holding.terminate(request)
