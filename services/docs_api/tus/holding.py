"""What the holder of an upload's capability may do with it beside sending: ask how far it is, and end it."""

from typing import Any

from fastapi import Request, Response
from sqlalchemy import delete, update

from services.docs_api.access import parameters
from services.docs_api.keys import matter_names
from services.docs_api.transfers.admission import require_free
from services.docs_api.transfers.leftovers import remove
from services.docs_api.tus.creating import http_date
from services.docs_api.tus.metadata import format_metadata
from services.docs_api.tus.queries import check_not_ended, held
from services.docs_api.tus.sending import require_unfinished
from services.docs_api.vault import vault_of
from services.evidence.act import Act, open_act
from services.evidence.event import Draft, Subject
from services.kernel.http.admission import principal_of
from services.kernel.problems import NotFound
from services.tables.content import Segment, Upload, Version


async def tell_offset(request: Request) -> Response:
    """How much of the upload is durable, and what its sender called it.

    Raises:
        NotFound: it is not there for whoever asks, or was ended.
        SessionEnded: the session in which it was begun was ended.
    """
    async with open_act(request, [principal_of(request).firm], None) as act:
        row = await _held(act, lock=False)
        told = _told(act, row)
        await act.record(Draft("upload.read", subject=_subject(row)))
    answer = {
        "upload-offset": str(row["received_bytes"]),
        "upload-length": str(row["declared_bytes"]),
        "upload-expires": http_date(row["expires_at"]),
    }
    return Response(headers=answer | told)


def _told(act: Act, row: dict[str, Any]) -> dict[str, str]:
    """What the sender said of the document, as long as it is that: whoever may only write reads no names.

    Of a document's next version it said nothing that is the document's; and what somebody has changed since
    is theirs. The first version's becoming available is a change as well.
    """
    if row["number"] != 1 or row["revision"] != (1 if row["state"] == "complete" else 0):
        return {}
    names = matter_names(act, row)
    document = {
        "name": names.open("documents.name_sealed", row["document_id"], row["name_sealed"]),
        "folder": names.open("documents.folder_sealed", row["document_id"], row["folder_sealed"]),
        "media_type": row["media_type"],
        "class_id": row["class_id"],
    }
    return {"upload-metadata": format_metadata(document)}


async def terminate(request: Request) -> Response:
    """Give the upload up, and what came of it.

    Raises:
        NotFound, SessionEnded: as `tell_offset`.
        UploadBusy: a request is sending just now.
        UploadClosed: all of it came already.
    """
    async with open_act(request, [principal_of(request).firm], None) as act:
        row = await _held(act, lock=True)
        require_unfinished(row["state"])
        require_free(row["lease_expires_at"], act.now)
        tenant, version = act.principal.firm, row["version_id"]
        gone = await act.session.scalars(
            delete(Segment)
            .where(Segment.tenant_id == tenant, Segment.version_id == version)
            .returning(Segment.object_key)
        )
        keys = gone.all()
        for table, row_id in ((Upload, row["id"]), (Version, version)):
            await act.session.execute(
                update(table).where(table.tenant_id == tenant, table.id == row_id).values(state="abandoned")
            )
        change = {"received": row["received_bytes"]}
        await act.record(Draft("upload.terminated", subject=_subject(row), change=change))
    await remove(vault_of(request).stores, keys)
    return Response(status_code=204)


async def _held(act: Act, *, lock: bool) -> dict[str, Any]:
    upload = act.principal.upload
    if upload is None:
        raise NotFound
    await check_not_ended(act.session, act.principal, act.now)
    found = await act.session.execute(held(upload, lock=lock), parameters(act.principal, act.now))
    row = found.mappings().one_or_none()
    if row is None or row["state"] in {"abandoned", "rejected"}:
        raise NotFound
    return dict(row)


def _subject(row: dict[str, Any]) -> Subject:
    return Subject("document", row["document_id"], row["matter_id"], row["document_id"], row["version_id"])
