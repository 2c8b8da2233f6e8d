"""Holds: placed and released by attorneys on the matter, for reasons that are kept.

What a hold means is enforced below, by the database: while one is in force, no row of the content or keys
that it covers can be removed, by whichever path.
"""

from uuid import UUID

from sqlalchemy import select, update

from services.docs_api.grants.policy import oversees_grants
from services.docs_api.holds.errors import HoldReleased
from services.docs_api.holds.schemas import HoldPage, HoldView, NewHold, Release
from services.docs_api.keychain import Names
from services.docs_api.keys import matter_names
from services.docs_api.matters.queries import firm_matter, own_matter
from services.docs_api.paging import cut, decode_id
from services.docs_api.refusals import invalid
from services.docs_api.wire import ListQuery
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.ids import new_id
from services.kernel.problems import NotFound
from services.tables.content import Document
from services.tables.holds import Hold

_REASON, _RELEASE_REASON = "holds.reason_sealed", "holds.release_reason_sealed"


async def place_hold(act: Act, matter_id: UUID, new: NewHold) -> HoldView:
    """Keep a matter that one is on, or one document of it, until the hold is released.

    A closed matter can be held too. Several holds may cover the same; each is released for itself.

    Raises:
        NotFound: no such matter for the principal.
        InvalidInput: the matter has no such document.
    """
    names = matter_names(act, await own_matter(act, matter_id))
    if new.document_id is not None:
        await _require_document(act, matter_id, new.document_id)
    hold_id = new_id(act.now)
    hold = Hold(
        tenant_id=act.principal.firm,
        id=hold_id,
        matter_id=matter_id,
        document_id=new.document_id,
        reason_sealed=names.seal(_REASON, hold_id, new.reason),
        placed_at=act.now,
        placed_by=act.principal.id,
        released_at=None,
        released_by=None,
        release_reason_sealed=None,
    )
    act.session.add(hold)
    await act.record(Draft("hold.placed", subject=_subject(hold)))
    return _view(hold, names)


async def list_holds(act: Act, matter_id: UUID, query: ListQuery) -> HoldPage:
    """All holds of a matter, released ones too, for those on it and for compliance officers of the firm.

    Raises:
        NotFound: no such matter for the principal.
    """
    find = firm_matter if oversees_grants(act.principal) else own_matter
    names = matter_names(act, await find(act, matter_id))
    found = await act.session.scalars(
        select(Hold)
        .where(
            Hold.tenant_id == act.principal.firm,
            Hold.matter_id == matter_id,
            Hold.id > decode_id(query.cursor),
        )
        .order_by(Hold.id)
        .limit(query.limit + 1)
    )
    rows, cursor = cut(found.all(), query.limit, lambda row: row.id)
    subject = Subject("matter", matter_id, matter_id)
    await act.record(Draft("hold.listed", subject=subject, change={"items": len(rows)}))
    return HoldPage(items=[_view(row, names) for row in rows], next=cursor)


async def release_hold(act: Act, hold_id: UUID, release: Release) -> HoldView:
    """Release a hold of a matter that one is on. Other holds go on.

    Raises:
        NotFound: no such hold for the principal.
        HoldReleased: it was released already.
    """
    mine = (Hold.tenant_id == act.principal.firm, Hold.id == hold_id)
    matter_id = await act.session.scalar(select(Hold.matter_id).where(*mine))
    if matter_id is None:
        raise NotFound
    names = matter_names(act, await own_matter(act, matter_id))
    hold = await act.session.scalar(
        update(Hold)
        .where(*mine, Hold.released_at.is_(None))
        .values(
            released_at=act.now,
            released_by=act.principal.id,
            release_reason_sealed=names.seal(_RELEASE_REASON, hold_id, release.reason),
        )
        .returning(Hold)
    )
    if hold is None:
        raise HoldReleased
    await act.record(Draft("hold.released", subject=_subject(hold)))
    return _view(hold, names)


async def _require_document(act: Act, matter_id: UUID, document_id: UUID) -> None:
    found = await act.session.scalar(
        select(Document.id).where(
            Document.tenant_id == act.principal.firm,
            Document.id == document_id,
            Document.matter_id == matter_id,
        )
    )
    if found is None:
        raise invalid("/document_id", "document")


def _subject(hold: Hold) -> Subject:
    return Subject("hold", hold.id, hold.matter_id, hold.document_id)


def _view(row: Hold, names: Names) -> HoldView:
    sealed = row.release_reason_sealed
    return HoldView(
        id=row.id,
        matter_id=row.matter_id,
        document_id=row.document_id,
        reason=names.open(_REASON, row.id, row.reason_sealed),
        placed_at=row.placed_at,
        placed_by=row.placed_by,
        released_at=row.released_at,
        released_by=row.released_by,
        release_reason=None if sealed is None else names.open(_RELEASE_REASON, row.id, sealed),
    )
