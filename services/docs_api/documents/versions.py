"""Versions: a document gets a new one under the next number, and keeps the old ones and its class."""

import re
from uuid import UUID

from sqlalchemy import func, select

from services.docs_api.access import parameters
from services.docs_api.documents.errors import DocumentWithdrawn
from services.docs_api.documents.queries import (
    DocumentRow,
    own_document,
    readable_document,
    readable_versions,
)
from services.docs_api.documents.schemas import (
    NewVersion,
    NewVersionView,
    PastVersionView,
    VersionPage,
)
from services.docs_api.documents.service import require_room_for, require_takeable, subject_of
from services.docs_api.keys import matter_key_of
from services.docs_api.matters.errors import MatterClosed
from services.docs_api.matters.queries import own_matter
from services.docs_api.paging import cut, decode_number
from services.docs_api.scanning.schemas import ScanView
from services.docs_api.uploads.opening import Place, open_version
from services.docs_api.uploads.service import new_upload_view
from services.docs_api.wire import ListQuery
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.problems import NotFound
from services.tables.content import Document, Version

_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


def number_of(text: str) -> int:
    """A version's number as it stands in a path (raises NotFound when it is none)."""
    if _NUMBER.fullmatch(text) is None:
        raise NotFound
    return int(text)


async def create_version(act: Act, document_id: UUID, new: NewVersion) -> NewVersionView:
    """The next version of a document, and the upload that takes its content.

    Raises:
        NotFound: no such document for the principal.
        MatterClosed, DocumentWithdrawn: nothing is added to it.
        TooLarge: the declared length is beyond the limit.
        TooManyUploads, QuotaExceeded: see `charging`.
    """
    row = await own_document(act, document_id)
    if row["matter_state"] != "open":
        raise MatterClosed
    if row["state"] != "active":
        raise DocumentWithdrawn
    await require_takeable(act, new.length_bytes)
    matter = await own_matter(act, row["matter_id"])
    number = await _next_number(act, document_id)
    place = Place(row["matter_id"], document_id, number)
    version, upload = open_version(act, matter_key_of(matter), place, new)
    for made in (version, upload):
        act.session.add(made)
        await act.session.flush()
    await require_room_for(act, upload)
    subject = Subject("document", document_id, row["matter_id"], document_id, version.id)
    change = {"number": number, "upload": str(upload.id)}
    await act.record(Draft("document.version.created", subject=subject, change=change))
    return NewVersionView(number=number, upload=new_upload_view(upload))


async def list_versions(act: Act, document_id: UUID, query: ListQuery) -> VersionPage:
    """The complete versions of a document that the principal may read, oldest first.

    Raises:
        NotFound: there is none for them.
    """
    document = await readable_document(act, document_id)
    statement = readable_versions(acting_for_another=act.principal.acts_for_another).where(
        Document.id == document_id, Version.number > decode_number(query.cursor)
    )
    found = await act.session.execute(
        statement.order_by(Version.number).limit(query.limit + 1), parameters(act.principal, act.now)
    )
    rows, cursor = cut([dict(row) for row in found.mappings()], query.limit, lambda row: row["number"])
    change = {"items": len(rows)}
    await act.record(Draft("document.versions.listed", subject=subject_of(document), change=change))
    return VersionPage(items=[_version_view(row) for row in rows], next=cursor)


async def _next_number(act: Act, document_id: UUID) -> int:
    """Numbers are given once: the document is locked, and versions that came to nothing keep theirs."""
    highest = await act.session.scalar(
        select(func.max(Version.number)).where(
            Version.tenant_id == act.principal.firm, Version.document_id == document_id
        )
    )
    return int(highest or 0) + 1


def _version_view(row: DocumentRow) -> PastVersionView:
    return PastVersionView(
        id=row["version_id"],
        number=row["number"],
        length_bytes=row["length_bytes"],
        sha256=row["sha256"].hex(),
        available_at=row["available_at"],
        scan=ScanView.of(row),
        created_by=row["version_created_by"],
    )
