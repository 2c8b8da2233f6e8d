"""Documents: created with an open upload, described, listed. Their content moves in `transfers`."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from services.docs_api.classes.service import unknown_classes
from services.docs_api.documents.queries import (
    FOLDER_INDEX,
    NAME_INDEX,
    DocumentRow,
    list_readable,
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
from services.docs_api.keychain import Names
from services.docs_api.keys import matter_key_of, matter_names
from services.docs_api.matters.errors import MatterClosed
from services.docs_api.matters.queries import MatterRow, own_matter, visible_matter
from services.docs_api.paging import cut, decode_id
from services.docs_api.refusals import invalid
from services.docs_api.uploads.service import upload_view
from services.docs_api.vault import vault_of
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.ids import new_id
from services.kernel.problems import TooLarge
from services.tables.docs import Document, Upload, Version


@dataclass(frozen=True, slots=True)
class _NewIds:
    document: UUID
    version: UUID
    upload: UUID


async def create_document(act: Act, matter_id: UUID, new: NewDocument) -> NewDocumentView:
    """A document without content yet, in a matter that one is on, and the upload that takes it.

    Raises:
        NotFound: no such matter for the principal.
        MatterClosed: nothing is added to it.
        InvalidInput: the firm has no such class.
        TooLarge: the declared length is beyond the limit.
    """
    vault = vault_of(act.request)
    matter = await own_matter(act, matter_id)
    if matter["state"] != "open":
        raise MatterClosed
    if await unknown_classes(act, [new.class_id]):
        raise invalid("/class_id", "class")
    if (new.length_bytes or 0) > vault.settings.document_limit_bytes:
        raise TooLarge
    ids = _NewIds(new_id(act.now), new_id(act.now), new_id(act.now))
    document = _document(act, matter, ids, new)
    version = _version(act, matter, ids)
    upload = _upload(act, matter_id, ids, new)
    # In this order: the tables refer to one another, and there are no relationships to order them by.
    for row in (document, version, upload):
        act.session.add(row)
        await act.session.flush()
    subject = Subject("document", ids.document, matter_id, ids.document, ids.version)
    change = {"class": new.class_id, "upload": str(ids.upload)}
    await act.record(Draft("document.created", subject=subject, change=change))
    view = DocumentView(
        id=ids.document,
        matter_id=matter_id,
        class_id=new.class_id,
        name=new.name,
        folder=new.folder,
        media_type=new.media_type,
        created_at=act.now,
        created_by=act.principal.id,
        version=None,
    )
    return NewDocumentView(document=view, upload=upload_view(upload))


async def list_documents(act: Act, matter_id: UUID, query: DocumentQuery) -> DocumentPage:
    """The documents of a matter that the principal may read (raises NotFound as `get_matter` does)."""
    names = matter_names(act, await visible_matter(act, matter_id))
    name_index = None if query.name is None else names.index(NAME_INDEX, query.name)
    found = await list_readable(act, matter_id, query, name_index, decode_id(query.cursor))
    rows, cursor = cut(found, query.limit, lambda row: row["id"])
    change: dict[str, object] = {"items": len(rows)}
    if query.class_id is not None:
        change["class"] = query.class_id
    await act.record(Draft("document.listed", subject=Subject("matter", matter_id, matter_id), change=change))
    return DocumentPage(items=[document_view(row, names) for row in rows], next=cursor)


async def describe_document(act: Act, document_id: UUID) -> DocumentView:
    """One document that the principal may read (raises NotFound when there is none for them)."""
    row, view = await described(act, document_id)
    await act.record(Draft("document.described", subject=subject_of(row)))
    return view


async def described(act: Act, document_id: UUID) -> tuple[DocumentRow, DocumentView]:
    row = await readable_document(act, document_id)
    return row, document_view(row, matter_names(act, row))


def subject_of(row: DocumentRow) -> Subject:
    return Subject("document", row["id"], row["matter_id"], row["id"], row["version_id"])


def document_view(row: DocumentRow, names: Names) -> DocumentView:
    """A row of the readable-document query in words."""
    version = VersionView(
        id=row["version_id"],
        number=row["number"],
        length_bytes=row["length_bytes"],
        sha256=row["sha256"].hex(),
        available_at=row["available_at"],
    )
    return DocumentView(
        id=row["id"],
        matter_id=row["matter_id"],
        class_id=row["class_id"],
        name=names.open("documents.name_sealed", row["id"], row["name_sealed"]),
        folder=names.open("documents.folder_sealed", row["id"], row["folder_sealed"]),
        media_type=row["media_type"],
        created_at=row["created_at"],
        created_by=row["created_by"],
        version=version,
    )


def _document(act: Act, matter: MatterRow, ids: _NewIds, new: NewDocument) -> Document:
    names = matter_names(act, matter)
    return Document(
        tenant_id=act.principal.firm,
        id=ids.document,
        matter_id=matter["id"],
        class_id=new.class_id,
        name_sealed=names.seal("documents.name_sealed", ids.document, new.name),
        name_index=names.index(NAME_INDEX, new.name),
        folder_sealed=names.seal("documents.folder_sealed", ids.document, new.folder),
        folder_index=names.index(FOLDER_INDEX, new.folder),
        media_type=new.media_type,
        latest_number=None,
        created_at=act.now,
        created_by=act.principal.id,
    )


def _version(act: Act, matter: MatterRow, ids: _NewIds) -> Version:
    key = matter_key_of(matter)
    _, wrapped = vault_of(act.request).keychain.new_data_key(key, ids.version)
    return Version(
        tenant_id=act.principal.firm,
        id=ids.version,
        document_id=ids.document,
        number=1,
        state="receiving",
        length_bytes=None,
        sha256=None,
        segment_count=None,
        matter_key_id=key.id,
        wrapped_data_key=wrapped,
        created_at=act.now,
        created_by=act.principal.id,
        available_at=None,
    )


def _upload(act: Act, matter_id: UUID, ids: _NewIds, new: NewDocument) -> Upload:
    lifetime = timedelta(seconds=vault_of(act.request).settings.upload_lifetime_seconds)
    return Upload(
        tenant_id=act.principal.firm,
        id=ids.upload,
        matter_id=matter_id,
        document_id=ids.document,
        version_id=ids.version,
        member_id=act.principal.id,
        session_id=act.principal.session,
        state="open",
        received_bytes=0,
        declared_bytes=new.length_bytes,
        declared_sha256=bytes.fromhex(new.sha256) if new.sha256 else None,
        lease_owner=None,
        lease_expires_at=None,
        created_at=act.now,
        expires_at=act.now + lifetime,
    )
