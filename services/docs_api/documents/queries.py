"""The one query that documents are read by. Describing, listing and fetching are all made of it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, bindparam, select
from sqlalchemy import Uuid as UuidType

from services.docs_api.access import TENANT, may_read_document, parameters, session_lives
from services.docs_api.documents.schemas import DocumentQuery
from services.docs_api.keys import KEY_COLUMNS, firm_of_matter_key
from services.docs_api.statements import Prepared
from services.docs_api.unmet import tell_holder_of_document
from services.evidence.act import Act
from services.kernel.problems import NotFound
from services.tables.docs import Document, FirmKey, Matter, MatterKey, Segment, Version

DOCUMENT = bindparam("document", type_=UuidType())
VERSION = bindparam("version", type_=UuidType())
NAME_INDEX = "document.name"
FOLDER_INDEX = "document.folder"
DocumentRow = Mapping[str, Any]

_COLUMNS = (
    Document.id,
    Document.matter_id,
    Document.class_id,
    Document.name_sealed,
    Document.folder_sealed,
    Document.media_type,
    Document.created_at,
    Document.created_by,
    Version.id.label("version_id"),
    Version.number,
    Version.length_bytes,
    Version.sha256,
    Version.segment_count,
    Version.wrapped_data_key,
    Version.available_at,
    *KEY_COLUMNS,
)


def readable_documents(*, acting_for_another: bool) -> Select[Any]:
    """Documents with an available version that the principal may read now, with the keys of that version."""
    newest = and_(
        Version.tenant_id == Document.tenant_id,
        Version.document_id == Document.id,
        Version.number == Document.latest_number,
        Version.state == "available",
    )
    columns: tuple[Any, ...] = _COLUMNS
    return (
        select(*columns)
        .select_from(Document)
        .join(Matter, and_(Matter.tenant_id == Document.tenant_id, Matter.id == Document.matter_id))
        .join(Version, newest)
        .join(
            MatterKey,
            and_(MatterKey.tenant_id == Version.tenant_id, MatterKey.id == Version.matter_key_id),
        )
        .join(FirmKey, firm_of_matter_key())
        .where(Document.tenant_id == TENANT, may_read_document(acting_for_another=acting_for_another))
    )


async def readable_document(act: Act, document_id: UUID) -> DocumentRow:
    """One document that the principal may read.

    Raises:
        UnmetCondition: they hold a grant of it that is not live.
        NotFound: there is none for them.
    """
    statement = readable_documents(acting_for_another=act.principal.acts_for_another)
    found = await act.session.execute(
        statement.where(Document.id == document_id), parameters(act.principal, act.now)
    )
    row = found.mappings().one_or_none()
    if row is None:
        await tell_holder_of_document(act.session, act.principal, act.now, document_id)
        raise NotFound
    return dict(row)


async def list_readable(
    act: Act, matter_id: UUID, query: DocumentQuery, name_index: bytes | None, after: UUID
) -> list[DocumentRow]:
    """A page and one more of the documents of a matter that the principal may read."""
    statement = readable_documents(acting_for_another=act.principal.acts_for_another).where(
        Document.matter_id == matter_id, Document.id > after
    )
    if query.class_id is not None:
        statement = statement.where(Document.class_id == query.class_id)
    if name_index is not None:
        statement = statement.where(Document.name_index == name_index)
    found = await act.session.execute(
        statement.order_by(Document.id).limit(query.limit + 1), parameters(act.principal, act.now)
    )
    return [dict(row) for row in found.mappings()]


def _fetchable(*, acting_for_another: bool) -> Prepared:
    statement = readable_documents(acting_for_another=acting_for_another)
    return Prepared(statement.where(Document.id == DOCUMENT, session_lives()))


def _still_readable(*, acting_for_another: bool) -> Prepared:
    """Of a version already being handed over: that a newer one came meanwhile does not end the transfer."""
    return Prepared(
        select(Document.id)
        .select_from(Document)
        .join(Matter, and_(Matter.tenant_id == Document.tenant_id, Matter.id == Document.matter_id))
        .join(Version, and_(Version.tenant_id == TENANT, Version.document_id == Document.id))
        .where(
            Document.tenant_id == TENANT,
            Document.id == DOCUMENT,
            Version.id == VERSION,
            Version.state == "available",
            may_read_document(acting_for_another=acting_for_another),
            session_lives(),
        )
    )


FETCHABLE = {acting: _fetchable(acting_for_another=acting) for acting in (False, True)}
STILL_READABLE = {acting: _still_readable(acting_for_another=acting) for acting in (False, True)}
SEGMENTS = Prepared(
    select(
        Segment.ordinal, Segment.offset_bytes, Segment.length_bytes, Segment.object_key, Segment.sealed_bytes
    )
    .where(Segment.tenant_id == TENANT, Segment.version_id == VERSION)
    .order_by(Segment.ordinal)
)
