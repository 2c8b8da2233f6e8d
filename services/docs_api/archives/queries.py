"""Which documents a set has. All of it is made of the one query that documents are read by."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, LargeBinary, Select, Uuid, any_, bindparam, func, literal, select

from services.docs_api.access import TENANT, parameters
from services.docs_api.archives.errors import TooManyFolders
from services.docs_api.archives.schemas import SetQuery
from services.docs_api.documents.queries import DocumentRow, naming_grant, readable_documents, still_readable
from services.docs_api.keychain import Names
from services.docs_api.roots.queries import root_revoked
from services.docs_api.statements import Prepared
from services.evidence.act import Act
from services.tables.content import Document, Version

MAX_FOLDERS = 10_000
"""Folders are sealed, so each one's name is opened to find those below another."""


async def chosen(act: Act, matter_id: UUID, query: SetQuery, names: Names) -> Select[Any]:
    """The documents of a set that the principal may read, in no order (raises TooManyFolders)."""
    acting = act.principal.acts_for_another
    statement = readable_documents(acting_for_another=acting).where(Document.matter_id == matter_id)
    statement = naming_grant(statement, acting_for_another=acting)
    if query.class_id is not None:
        statement = statement.where(Document.class_id == query.class_id)
    if query.document_ids is not None:
        statement = statement.where(Document.id.in_(query.document_ids))
    if query.folder:
        below = await _folders_below(act, statement, query.folder, names)
        statement = statement.where(Document.folder_index == any_(literal(below, ARRAY(LargeBinary))))
    return statement


async def page_of(act: Act, statement: Select[Any], after: UUID, limit: int) -> list[DocumentRow]:
    """At most `limit` rows, in the order of their ids."""
    wanted = statement.where(Document.id > after).order_by(Document.id).limit(limit)
    found = await act.session.execute(wanted, parameters(act.principal, act.now))
    return [dict(row) for row in found.mappings()]


async def size_of(act: Act, statement: Select[Any]) -> tuple[int, int]:
    """How many documents, and bytes of content, the set has."""
    lengths = statement.with_only_columns(Version.length_bytes).subquery()
    total = select(func.count(), func.coalesce(func.sum(lengths.c.length_bytes), 0)).select_from(lengths)
    count, length_bytes = (await act.session.execute(total, parameters(act.principal, act.now))).one()
    return int(count), int(length_bytes)


async def _folders_below(act: Act, statement: Select[Any], folder: str, names: Names) -> Sequence[bytes]:
    """The indexes of `folder` and of the folders below it that documents of the set are in."""
    one_of_each = (
        statement.with_only_columns(Document.id, Document.folder_index, Document.folder_sealed)
        .distinct(Document.folder_index)
        .order_by(Document.folder_index)
        .limit(MAX_FOLDERS + 1)
    )
    found = (await act.session.execute(one_of_each, parameters(act.principal, act.now))).all()
    if len(found) > MAX_FOLDERS:
        raise TooManyFolders
    return [
        row.folder_index
        for row in found
        if _is_below(names.open("documents.folder_sealed", row.id, row.folder_sealed), folder)
    ]


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def _still_all(*, acting_for_another: bool) -> Prepared:
    """How many of these versions the principal may read now, and whether the firm's root is revoked."""
    statement = still_readable(acting_for_another=acting_for_another)
    versions = Version.id == any_(bindparam("versions", type_=ARRAY(Uuid())))
    revoked = root_revoked(TENANT).label("firm_revoked")
    return Prepared(statement.with_only_columns(func.count(), revoked).where(versions))


STILL_ALL = {acting: _still_all(acting_for_another=acting) for acting in (False, True)}
"""By whether one acts for another."""
