"""A document is renamed, moved, reclassified, described anew, withdrawn or restored; what it was is kept.

Each change needs the revision that its sender has seen, makes the next one, and leaves a row in
`document_changes` with the document as it was. Events say which fields changed; classes are ids and stand in
them, names never.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from services.docs_api.classes.service import unknown_classes
from services.docs_api.conditions import quoted, require_match
from services.docs_api.documents.errors import DocumentNotWithdrawn, DocumentWithdrawn
from services.docs_api.documents.queries import (
    DocumentRow,
    own_document,
    readable_document,
)
from services.docs_api.documents.schemas import (
    ChangePage,
    ChangeView,
    DocumentChange,
    DocumentView,
    FormerDocument,
)
from services.docs_api.documents.service import document_view, subject_of
from services.docs_api.documents.words import WORDS, indexed_words, open_words, sealed_words
from services.docs_api.keychain import Names
from services.docs_api.keys import matter_names
from services.docs_api.matters.errors import MatterClosed
from services.docs_api.paging import cut, decode_number
from services.docs_api.refusals import invalid
from services.docs_api.wire import ListQuery
from services.evidence.act import Act
from services.evidence.event import Draft
from services.kernel.ids import new_id
from services.kernel.problems import NotFound
from services.tables.content import Document, DocumentChangeRecord


async def change_document(
    act: Act, document_id: UUID, if_match: str | None, change: DocumentChange
) -> DocumentView:
    """Rename, move, reclassify, tag, annotate.

    Raises:
        NotFound, PreconditionRequired, PreconditionFailed, MatterClosed: see `_changeable`.
        DocumentWithdrawn: it must be restored first.
        InvalidInput: the firm has no such class.
    """
    row = await _changeable(act, document_id, if_match)
    if row["state"] != "active":
        raise DocumentWithdrawn
    if change.class_id is not None and await unknown_classes(act, [change.class_id]):
        raise invalid("/class_id", "class")
    return await _apply(act, row, change.model_dump(exclude_unset=True), "document.changed")


async def withdraw_document(act: Act, document_id: UUID, if_match: str | None) -> DocumentView:
    """Take a document away from everybody; people on the matter can list and restore it.

    Raises:
        NotFound, PreconditionRequired, PreconditionFailed, MatterClosed: see `_changeable`.
        DocumentWithdrawn: it is already.
    """
    row = await _changeable(act, document_id, if_match)
    if row["state"] != "active":
        raise DocumentWithdrawn
    return await _apply(act, row, {"state": "withdrawn"}, "document.withdrawn")


async def restore_document(act: Act, document_id: UUID, if_match: str | None) -> DocumentView:
    """Put a withdrawn document back.

    Raises:
        NotFound, PreconditionRequired, PreconditionFailed, MatterClosed: see `_changeable`.
        DocumentNotWithdrawn: it is there.
    """
    row = await _changeable(act, document_id, if_match)
    if row["state"] != "withdrawn":
        raise DocumentNotWithdrawn
    return await _apply(act, row, {"state": "active"}, "document.restored")


async def list_changes(act: Act, document_id: UUID, query: ListQuery) -> ChangePage:
    """What became of a document, oldest first, for people on its matter.

    Raises:
        NotFound: there is none for the principal, or they act for another organization.
    """
    if act.principal.acts_for_another:
        raise NotFound
    row = await readable_document(act, document_id, which="any")
    names = matter_names(act, row)
    found = await act.session.scalars(
        select(DocumentChangeRecord)
        .where(
            DocumentChangeRecord.tenant_id == act.principal.firm,
            DocumentChangeRecord.document_id == document_id,
            DocumentChangeRecord.revision > decode_number(query.cursor),
        )
        .order_by(DocumentChangeRecord.revision)
        .limit(query.limit + 1)
    )
    changes, cursor = cut(found.all(), query.limit, lambda change: change.revision)
    await act.record(Draft("document.history.read", subject=subject_of(row), change={"items": len(changes)}))
    return ChangePage(items=[_change_view(change, names) for change in changes], next=cursor)


async def _changeable(act: Act, document_id: UUID, if_match: str | None) -> DocumentRow:
    """The document, locked, as its sender has seen it.

    Raises:
        NotFound: there is none for them.
        PreconditionRequired: they do not say what they have seen.
        PreconditionFailed: it is no longer that.
        MatterClosed: nothing in it is changed.
    """
    row = await own_document(act, document_id)
    require_match(if_match, quoted(row["revision"]))
    if row["matter_state"] != "open":
        raise MatterClosed
    return row


async def _apply(act: Act, row: DocumentRow, wanted: dict[str, Any], event: str) -> DocumentView:
    """Make what is `wanted` so; without a difference there is no new revision."""
    names = matter_names(act, row)
    before = document_view(row, names)
    new = {field: value for field, value in wanted.items() if getattr(before, field) != value}
    revision = row["revision"] + (1 if new else 0)
    if new:
        act.session.add(_record(act, before, sorted(new), names))
        await act.session.execute(
            update(Document)
            .where(Document.tenant_id == act.principal.firm, Document.id == before.id)
            .values(**_columns(before.id, new, names), revision=revision)
        )
    change: dict[str, object] = {"fields": sorted(new), "revision": revision}
    if "class_id" in new:
        change |= {"class_from": before.class_id, "class_to": new["class_id"]}
    await act.record(Draft(event, subject=subject_of(row), change=change))
    return before.model_copy(update={**new, "revision": revision})


def _record(act: Act, before: DocumentView, fields: list[str], names: Names) -> DocumentChangeRecord:
    change_id = new_id(act.now)
    return DocumentChangeRecord(
        tenant_id=act.principal.firm,
        id=change_id,
        document_id=before.id,
        revision=before.revision + 1,
        fields=fields,
        **sealed_words(names, "document_changes", change_id, before.model_dump(include=set(WORDS))),
        class_id=before.class_id,
        state=before.state,
        created_at=act.now,
        created_by=act.principal.id,
    )


def _columns(document_id: UUID, new: dict[str, Any], names: Names) -> dict[str, object]:
    """The columns that hold these fields."""
    clear = {field: new[field] for field in ("class_id", "state") if field in new}
    return clear | sealed_words(names, "documents", document_id, new) | indexed_words(names, new)


def _change_view(change: DocumentChangeRecord, names: Names) -> ChangeView:
    before = FormerDocument(
        **open_words(names, "document_changes", change.id, vars(change)),
        class_id=change.class_id,
        state=change.state,
    )
    return ChangeView(
        id=change.id,
        at=change.created_at,
        by=change.created_by,
        fields=change.fields,
        revision=change.revision,
        before=before,
    )
