"""Documents: created with an open upload, described, listed. Their content moves in `transfers`."""

from uuid import UUID

from services.docs_api.classes.service import unknown_classes
from services.docs_api.documents.queries import (
    DocumentRow,
    list_readable,
    opened_by,
    readable_document,
)
from services.docs_api.documents.schemas import (
    DocumentPage,
    DocumentQuery,
    DocumentView,
    NewDocument,
    NewDocumentView,
    VersionView,
)
from services.docs_api.documents.words import WORDS, indexed_words, open_words, sealed_words
from services.docs_api.keychain import Names
from services.docs_api.keys import matter_key_of, matter_names
from services.docs_api.matters.errors import MatterClosed
from services.docs_api.matters.queries import MatterRow, own_matter, visible_matter
from services.docs_api.paging import cut, decode_id
from services.docs_api.quotas.charging import Charged, require_few_open, require_room
from services.docs_api.refusals import invalid
from services.docs_api.scanning.schemas import ScanView
from services.docs_api.uploads.opening import Place, open_version
from services.docs_api.uploads.service import new_upload_view
from services.docs_api.vault import vault_of
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.ids import new_id
from services.kernel.problems import TooLarge
from services.tables.content import Document, Upload


async def create_document(act: Act, matter_id: UUID, new: NewDocument) -> NewDocumentView:
    """A document without content yet, in a matter that one is on, and the upload that takes it.

    Raises:
        NotFound: no such matter for the principal.
        MatterClosed: nothing is added to it.
        InvalidInput: the firm has no such class.
        TooLarge: the declared length is beyond the limit.
        TooManyUploads, QuotaExceeded: see `charging`.
    """
    matter = await own_matter(act, matter_id)
    if matter["state"] != "open":
        raise MatterClosed
    if await unknown_classes(act, [new.class_id]):
        raise invalid("/class_id", "class")
    await require_takeable(act, new.length_bytes)
    document = _document(act, matter, new)
    place = Place(matter_id, document.id, 1)
    version, upload = open_version(act, matter_key_of(matter), place, new)
    # In this order: the tables refer to one another, and there are no relationships to order them by.
    for row in (document, version, upload):
        act.session.add(row)
        await act.session.flush()
    await require_room_for(act, upload)
    subject = Subject("document", document.id, matter_id, document.id, version.id)
    change = {"class": new.class_id, "upload": str(upload.id)}
    await act.record(Draft("document.created", subject=subject, change=change))
    view = DocumentView(
        id=document.id,
        matter_id=matter_id,
        class_id=new.class_id,
        name=new.name,
        folder=new.folder,
        tags=new.tags,
        note=new.note,
        media_type=new.media_type,
        state="active",
        revision=0,
        created_at=act.now,
        created_by=act.principal.id,
        version=None,
    )
    return NewDocumentView(document=view, upload=new_upload_view(upload))


async def require_takeable(act: Act, length_bytes: int | None) -> None:
    """Return if an upload may be begun for a content of this length (raises TooLarge, TooManyUploads)."""
    if (length_bytes or 0) > vault_of(act.request).settings.document_limit_bytes:
        raise TooLarge
    await require_few_open(act)


async def require_room_for(act: Act, upload: Upload) -> None:
    """Return if an upload that was just begun fits in (raises QuotaExceeded, TooMuchReserved)."""
    if upload.declared_bytes:
        settings = vault_of(act.request).settings
        charged = Charged(act.principal.firm, upload.matter_id, act.principal.id)
        await require_room(act.session, settings, charged)


async def list_documents(act: Act, matter_id: UUID, query: DocumentQuery) -> DocumentPage:
    """The documents of a matter that the principal may read (raises NotFound as `get_matter` does)."""
    names = matter_names(act, await visible_matter(act, matter_id))
    found = await list_readable(act, matter_id, query, names, decode_id(query.cursor))
    rows, cursor = cut(found, query.limit, lambda row: row["id"])
    change: dict[str, object] = {"items": len(rows)}
    if query.class_id is not None:
        change["class"] = query.class_id
    if query.state != "active":
        change["state"] = query.state
    await act.record(Draft("document.listed", subject=Subject("matter", matter_id, matter_id), change=change))
    return DocumentPage(items=[document_view(row, names) for row in rows], next=cursor)


async def describe_document(act: Act, document_id: UUID) -> DocumentView:
    """One document that the principal may read; to people on the matter also one that is withdrawn.

    Raises:
        NotFound: there is none for them.
    """
    row = await readable_document(act, document_id, which="any")
    view = document_view(row, matter_names(act, row))
    await act.record(Draft("document.described", subject=subject_of(row), change=opened_by(row)))
    return view


def subject_of(row: DocumentRow) -> Subject:
    return Subject("document", row["id"], row["matter_id"], row["id"], row["version_id"])


def document_view(row: DocumentRow, names: Names) -> DocumentView:
    """A row of the readable-document query in words; without a version where there is none yet."""
    return DocumentView(
        id=row["id"],
        matter_id=row["matter_id"],
        class_id=row["class_id"],
        **open_words(names, "documents", row["id"], row),
        media_type=row["media_type"],
        state=row["state"],
        revision=row["revision"],
        created_at=row["created_at"],
        created_by=row["created_by"],
        version=None if row["version_id"] is None else _version_view(row),
    )


def _version_view(row: DocumentRow) -> VersionView:
    return VersionView(
        id=row["version_id"],
        number=row["number"],
        length_bytes=row["length_bytes"],
        sha256=row["sha256"].hex(),
        available_at=row["available_at"],
        scan=ScanView.of(row),
    )


def _document(act: Act, matter: MatterRow, new: NewDocument) -> Document:
    names, document_id, words = matter_names(act, matter), new_id(act.now), new.model_dump(include=set(WORDS))
    return Document(
        tenant_id=act.principal.firm,
        id=document_id,
        matter_id=matter["id"],
        class_id=new.class_id,
        **sealed_words(names, "documents", document_id, words),
        **indexed_words(names, words),
        media_type=new.media_type,
        latest_number=None,
        state="active",
        revision=0,
        created_at=act.now,
        created_by=act.principal.id,
    )
