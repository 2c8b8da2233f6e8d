"""The firm's vocabulary of document classes. Those who act for another see the classes granted to them."""

from collections.abc import Iterable

from sqlalchemy import select, true
from sqlalchemy.dialects.postgresql import insert

from services.docs_api.access import is_granted_class, parameters
from services.docs_api.classes.errors import ClassTaken
from services.docs_api.classes.schemas import ClassPage, ClassView, NewClass
from services.docs_api.paging import cut, decode_cursor
from services.docs_api.wire import ListQuery
from services.evidence.act import Act
from services.evidence.event import Draft
from services.tables.docs import DocumentClass


async def create_class(act: Act, new: NewClass) -> ClassView:
    """Add a word to the vocabulary.

    Raises:
        ClassTaken: it is there already.
    """
    row = {"tenant_id": act.principal.firm, "id": new.id, "label": new.label, "created_at": act.now}
    made = await act.session.scalar(
        insert(DocumentClass).values(row).on_conflict_do_nothing().returning(DocumentClass.id)
    )
    if made is None:
        raise ClassTaken
    await act.record(Draft("class.created", change={"class": new.id}))
    return ClassView(id=new.id, label=new.label, created_at=act.now)


async def list_classes(act: Act, query: ListQuery) -> ClassPage:
    visible = is_granted_class() if act.principal.acts_for_another else true()
    after = "" if query.cursor is None else decode_cursor(query.cursor)
    found = await act.session.scalars(
        select(DocumentClass)
        .where(DocumentClass.tenant_id == act.principal.firm, DocumentClass.id > after, visible)
        .order_by(DocumentClass.id)
        .limit(query.limit + 1),
        parameters(act.principal, act.now),
    )
    rows, cursor = cut(found.all(), query.limit, lambda row: row.id)
    await act.record(Draft("class.listed", change={"items": len(rows)}))
    views = [ClassView(id=row.id, label=row.label, created_at=row.created_at) for row in rows]
    return ClassPage(items=views, next=cursor)


async def unknown_classes(act: Act, named: Iterable[str]) -> bool:
    """Whether one of `named` is no class of the acting firm."""
    wanted = set(named)
    known = await act.session.scalars(
        select(DocumentClass.id).where(
            DocumentClass.tenant_id == act.principal.firm, DocumentClass.id.in_(wanted)
        )
    )
    return set(known) != wanted
