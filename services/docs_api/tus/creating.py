"""Begins an upload, of a new document or of a document's next version: its rows as ever, and a capability.

1. One transaction makes the rows and the capability, of which only the digest is kept (commit).
2. Content that came with the request is taken as a PATCH would take it. If that fails the upload is there all
   the same, and the answer tells how much of it was kept.
"""

import hashlib
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy import select, update

from services.docs_api.documents.schemas import UploadView
from services.docs_api.documents.service import create_document
from services.docs_api.documents.versions import create_version
from services.docs_api.tus.errors import TusRequestRefused
from services.docs_api.tus.headers import (
    MEDIA_TYPE,
    body_length,
    checksum_in,
    number_in,
    refuse_extensions,
)
from services.docs_api.tus.metadata import document_of, parse_metadata, version_of
from services.docs_api.tus.sending import Piece, send_piece
from services.docs_api.vault import vault_of
from services.evidence.act import Act, open_act
from services.kernel.http.admission import EVENT_KEY, principal_of, set_event_header
from services.kernel.problems import NotFound, RedwellError, UnsupportedMediaType
from services.tables.content import Upload, UploadCapability
from services.tables.sessions import Session

_CAPABILITY_BYTES = 32
_LONGEST = timedelta(hours=24)


Open = Callable[[Act, Mapping[str, str], int], Awaitable[UploadView]]
"""Makes the rows for a content of so many bytes, of which `Upload-Metadata` tells the rest."""


def document_in(matter_id: UUID) -> Open:
    """A new document in a matter."""

    async def opened(act: Act, metadata: Mapping[str, str], length: int) -> UploadView:
        made = await create_document(act, matter_id, document_of(metadata, length))
        return made.upload

    return opened


def version_in(document_id: UUID) -> Open:
    """The next version of a document, which keeps its name, folder and class."""

    async def opened(act: Act, metadata: Mapping[str, str], length: int) -> UploadView:
        made = await create_version(act, document_id, version_of(metadata, length))
        return made.upload

    return opened


async def create_upload(request: Request, opened: Open) -> Response:
    """Begin an upload, and take what of its content came along.

    Raises:
        TusRequestRefused, InvalidInput, TooLarge: see the readers of its headers.
        NotFound, MatterClosed, DocumentWithdrawn, TooManyUploads, QuotaExceeded: as for any new document or
            version.
    """
    headers = request.headers
    refuse_extensions(headers)
    length, brought = number_in(headers, "upload-length"), body_length(headers)
    if brought != 0 and headers.get("content-type") != MEDIA_TYPE:
        raise UnsupportedMediaType
    if length < (brought or 0):
        raise TusRequestRefused
    piece = Piece(0, brought, checksum_in(headers))
    principal = principal_of(request)
    if principal.acts_for_another:
        raise NotFound
    async with open_act(request, [principal.firm], principal) as act:
        upload_id, capability, expires_at = await _create(act, opened, length)
    received = 0
    if brought != 0 or length == 0:
        event = request.scope.get(EVENT_KEY)
        # The upload is there, and its client learns of it whatever became of the content.
        with suppress(RedwellError):
            received = await send_piece(request, upload_id, piece)
        set_event_header(request.scope, event)
    answer = {
        "location": f"/v1/tus/{capability}",
        "upload-offset": str(received),
        "redwell-upload": str(upload_id),
        "upload-expires": http_date(expires_at),
    }
    return Response(status_code=201, headers=answer)


async def _create(act: Act, opened: Open, length: int) -> tuple[UUID, str, datetime]:
    settings, principal = vault_of(act.request).settings, act.principal
    told = act.request.headers.get("upload-metadata", "")
    metadata = parse_metadata(told, settings.upload_metadata_limit_bytes)
    made = await opened(act, metadata, length)
    expires_at = min(made.expires_at, act.now + _LONGEST, await _end_of_program(act) or made.expires_at)
    await act.session.execute(
        update(Upload)
        .where(Upload.tenant_id == principal.firm, Upload.id == made.id)
        .values(kind="tus", expires_at=expires_at)
    )
    capability = secrets.token_urlsafe(_CAPABILITY_BYTES)
    act.session.add(
        UploadCapability(
            tenant_id=principal.firm,
            sha256=hashlib.sha256(capability.encode()).digest(),
            upload_id=made.id,
            member_id=principal.id,
            session_id=principal.session,
            roles=sorted(principal.roles),
            acr=principal.acr,
            amr=list(principal.amr),
            auth_time=principal.auth_time,
            created_at=act.now,
            expires_at=expires_at,
        )
    )
    await act.session.flush()
    return made.id, capability, expires_at


async def _end_of_program(act: Act) -> datetime | None:
    """When the session of a program ends, which is no later than its key and its term; None for a person."""
    principal = act.principal
    if not principal.is_program:
        return None
    ends_at: datetime | None = await act.session.scalar(
        select(Session.expires_at).where(Session.id == principal.session, Session.member_id == principal.id)
    )
    return ends_at


def http_date(moment: datetime) -> str:
    """A time as HTTP writes it (RFC 9110, section 5.6.7)."""
    return moment.strftime("%a, %d %b %Y %H:%M:%S GMT")
