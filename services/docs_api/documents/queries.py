"""The one query that documents are read by. Describing, listing and fetching are all made of it."""

from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import BigInteger, Select, and_, bindparam, null, select
from sqlalchemy import Uuid as UuidType
from sqlalchemy.sql.elements import ColumnElement

from services.docs_api.access import (
    TENANT,
    grant_of_document,
    may_read_document,
    parameters,
    session_lives,
)
from services.docs_api.documents.schemas import DocumentQuery
from services.docs_api.documents.words import FOLDER_INDEX, NAME_INDEX, TAG_INDEX
from services.docs_api.keychain import Names
from services.docs_api.keys import KEY_COLUMNS, firm_of_matter_key
from services.docs_api.roots.queries import root_revoked
from services.docs_api.statements import Crowd, Prepared
from services.docs_api.unmet import tell_holder_of_document
from services.evidence.act import Act
from services.kernel.problems import NotFound
from services.tables.content import Document, Segment, Version
from services.tables.docs import FirmKey, Matter, MatterKey

DOCUMENT = bindparam("document", type_=UuidType())
VERSION = bindparam("version", type_=UuidType())
NUMBER = bindparam("number", type_=BigInteger())
DocumentRow = Mapping[str, Any]
Which = Literal["active", "withdrawn", "any"]
"""Withdrawn documents are there for people on the matter alone, and only where they are asked for."""

SCAN_COLUMNS = (
    Version.scan_result,
    Version.scan_engine,
    Version.scan_signature,
    Version.scanned_at,
    Version.released_at,
)
"""Select these to have `ScanView.of` read a row."""

_COLUMNS = (
    Document.id,
    Document.matter_id,
    Document.class_id,
    Document.name_sealed,
    Document.folder_sealed,
    Document.tags_sealed,
    Document.note_sealed,
    Document.media_type,
    Document.state,
    Document.revision,
    Document.created_at,
    Document.created_by,
    Matter.state.label("matter_state"),
    Version.id.label("version_id"),
    Version.number,
    Version.length_bytes,
    Version.sha256,
    Version.segment_count,
    Version.wrapped_data_key,
    Version.available_at,
    Version.created_by.label("version_created_by"),
    *SCAN_COLUMNS,
    *KEY_COLUMNS,
)


def readable_versions(*, acting_for_another: bool, which: Which = "active") -> Select[Any]:
    """Available versions of documents that the principal may read now, with the keys of the versions."""
    columns: tuple[Any, ...] = _COLUMNS
    return (
        select(*columns)
        .select_from(Document)
        .join(Matter, and_(Matter.tenant_id == Document.tenant_id, Matter.id == Document.matter_id))
        .join(Version, and_(Version.tenant_id == Document.tenant_id, Version.document_id == Document.id))
        .join(
            MatterKey,
            and_(MatterKey.tenant_id == Version.tenant_id, MatterKey.id == Version.matter_key_id),
        )
        .join(FirmKey, firm_of_matter_key())
        .where(
            Document.tenant_id == TENANT,
            Version.state == "available",
            may_read_document(acting_for_another=acting_for_another),
            *_in_state(which, acting_for_another=acting_for_another),
        )
    )


def readable_documents(*, acting_for_another: bool, which: Which = "active") -> Select[Any]:
    """Documents that the principal may read now, each with its newest available version."""
    readable = readable_versions(acting_for_another=acting_for_another, which=which)
    return readable.where(Version.number == Document.latest_number)


def naming_grant(statement: Select[Any], *, acting_for_another: bool) -> Select[Any]:
    """With the id of the grant that opens each row, for its evidence; None to people on the matter."""
    grant = grant_of_document() if acting_for_another else null()
    return statement.add_columns(grant.label("grant_id"))


def opened_by(row: DocumentRow) -> dict[str, str]:
    """What evidence says of the grant that opened a row."""
    return {} if row["grant_id"] is None else {"grant": str(row["grant_id"])}


def _in_state(which: Which, *, acting_for_another: bool) -> list[ColumnElement[bool]]:
    conditions = []
    if acting_for_another or which == "active":
        conditions.append(Document.state == "active")
    if which == "withdrawn":
        conditions.append(Document.state == "withdrawn")
    return conditions


async def readable_document(
    act: Act, document_id: UUID, *, number: int | None = None, which: Which = "active"
) -> DocumentRow:
    """One document that the principal may read, with its newest version or the one of that number.

    Raises:
        UnmetCondition: they hold a grant of it that is not live.
        NotFound: there is none for them.
    """
    acting = act.principal.acts_for_another
    if number is None:
        statement = readable_documents(acting_for_another=acting, which=which)
    else:
        statement = readable_versions(acting_for_another=acting, which=which).where(Version.number == number)
    wanted = naming_grant(statement.where(Document.id == document_id), acting_for_another=acting)
    found = await act.session.execute(wanted, parameters(act.principal, act.now))
    row = found.mappings().one_or_none()
    if row is None:
        await tell_holder_of_document(act.session, act.principal, act.now, document_id)
        raise NotFound
    return dict(row)


async def own_document(act: Act, document_id: UUID) -> DocumentRow:
    """One document of a matter that one is on, withdrawn or not, locked until the act ends.

    The lock comes first, in a statement of its own: what is read after it is what the last holder left.

    Raises:
        NotFound: there is none for the principal, or they act for another organization.
    """
    if act.principal.acts_for_another:
        raise NotFound
    await act.session.execute(
        select(Document.id)
        .where(Document.tenant_id == act.principal.firm, Document.id == document_id)
        .with_for_update()
    )
    return await readable_document(act, document_id, which="any")


async def list_readable(
    act: Act, matter_id: UUID, query: DocumentQuery, names: Names, after: UUID
) -> list[DocumentRow]:
    """A page and one more of the documents of a matter that the principal may read."""
    statement = readable_documents(
        acting_for_another=act.principal.acts_for_another, which=query.state
    ).where(Document.matter_id == matter_id, Document.id > after)
    if query.class_id is not None:
        statement = statement.where(Document.class_id == query.class_id)
    if query.name is not None:
        statement = statement.where(Document.name_index == names.index(NAME_INDEX, query.name))
    if query.folder is not None:
        statement = statement.where(Document.folder_index == names.index(FOLDER_INDEX, query.folder))
    if query.tag is not None:
        statement = statement.where(Document.tag_indexes.contains([names.index(TAG_INDEX, query.tag)]))
    found = await act.session.execute(
        statement.order_by(Document.id).limit(query.limit + 1), parameters(act.principal, act.now)
    )
    return [dict(row) for row in found.mappings()]


def _fetchable(*, acting_for_another: bool, numbered: bool) -> Prepared:
    wanted = Version.number == (NUMBER if numbered else Document.latest_number)
    statement = naming_grant(
        readable_versions(acting_for_another=acting_for_another), acting_for_another=acting_for_another
    )
    return Prepared(statement.where(Document.id == DOCUMENT, wanted, session_lives()))


def still_readable(*, acting_for_another: bool) -> Select[Any]:
    """Versions already being handed over: that newer ones came meanwhile does not end the transfer."""
    columns: tuple[Any, ...] = (Document.id, root_revoked(TENANT).label("firm_revoked"))
    return (
        select(*columns)
        .select_from(Document)
        .join(Matter, and_(Matter.tenant_id == Document.tenant_id, Matter.id == Document.matter_id))
        .join(Version, and_(Version.tenant_id == TENANT, Version.document_id == Document.id))
        .where(
            Document.tenant_id == TENANT,
            Document.state == "active",
            Version.state == "available",
            may_read_document(acting_for_another=acting_for_another),
            session_lives(),
        )
    )


def _still_readable(*, acting_for_another: bool) -> Prepared:
    statement = still_readable(acting_for_another=acting_for_another)
    return Prepared(statement.where(Document.id == DOCUMENT, Version.id == VERSION))


FETCHABLE = {
    (acting, numbered): _fetchable(acting_for_another=acting, numbered=numbered)
    for acting in (False, True)
    for numbered in (False, True)
}
"""By whether one acts for another, and whether a version's number is asked for."""
_ASKED = ("tenant", "member", "organization", "session", "token_key", "now", "document", "number")
FETCHABLE_BY_MANY = {
    kind: Crowd(statement, [name for name in _ASKED if name in statement.order])
    for kind, statement in FETCHABLE.items()
}
STILL_READABLE = {acting: _still_readable(acting_for_another=acting) for acting in (False, True)}
_SEGMENTS = (
    select(
        Segment.ordinal,
        Segment.offset_bytes,
        Segment.length_bytes,
        Segment.object_key,
        Segment.sealed_bytes,
        Segment.salt,
    )
    .where(Segment.tenant_id == TENANT, Segment.version_id == VERSION)
    .order_by(Segment.ordinal)
)
SEGMENTS = Prepared(_SEGMENTS)
SEGMENTS_OF_MANY = Crowd(SEGMENTS, ["tenant", "version"])
TOUCHED_SEGMENTS = Prepared(
    _SEGMENTS.where(
        # No segment is longer than 8 MiB: none before this one can reach as far, and the key leads there.
        Segment.ordinal >= bindparam("least_ordinal", type_=BigInteger()),
        Segment.offset_bytes < bindparam("stop", type_=BigInteger()),
        Segment.offset_bytes + Segment.length_bytes > bindparam("start", type_=BigInteger()),
    )
)
"""The segments that hold bytes from `start` to before `stop`."""
TOUCHED_SEGMENTS_OF_MANY = Crowd(TOUCHED_SEGMENTS, ["tenant", "version", "least_ordinal", "start", "stop"])
