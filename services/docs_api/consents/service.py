"""Consents: recorded and withdrawn by people on the matter; where one is required, nothing opens without."""

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from services.docs_api.consents.errors import ConsentRecorded, ConsentWithdrawn
from services.docs_api.consents.schemas import ConsentPage, ConsentView, NewConsent
from services.docs_api.keychain import Names
from services.docs_api.keys import matter_names
from services.docs_api.matters.queries import own_matter
from services.docs_api.paging import cut, decode_id
from services.docs_api.refusals import invalid
from services.docs_api.wire import ListQuery
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.clock import timestamp
from services.kernel.ids import new_id
from services.kernel.problems import NotFound
from services.tables.agreements import Consent

_NOTE = "consents.note_sealed"


async def record_consent(act: Act, matter_id: UUID, new: NewConsent) -> ConsentView:
    """Record that the client of a matter that one is on has agreed.

    Raises:
        NotFound: no such matter for the principal.
        InvalidInput: it is said to be given in the future.
        ConsentRecorded: one is in force already.
    """
    names = matter_names(act, await own_matter(act, matter_id))
    if new.given_at > act.now:
        raise invalid("/given_at", "future")
    consent_id = new_id(act.now)
    row = {
        "tenant_id": act.principal.firm,
        "id": consent_id,
        "matter_id": matter_id,
        "given_at": new.given_at,
        "note_sealed": names.seal(_NOTE, consent_id, new.note),
        "recorded_at": act.now,
        "recorded_by": act.principal.id,
    }
    made = await act.session.scalar(insert(Consent).values(row).on_conflict_do_nothing().returning(Consent))
    if made is None:
        raise ConsentRecorded
    change: dict[str, object] = {"given_at": timestamp(new.given_at)}
    await act.record(Draft("consent.recorded", subject=_subject(made), change=change))
    return _view(made, names)


async def list_consents(act: Act, matter_id: UUID, query: ListQuery) -> ConsentPage:
    """All consents of a matter that one is on (raises NotFound when there is none)."""
    names = matter_names(act, await own_matter(act, matter_id))
    found = await act.session.scalars(
        select(Consent)
        .where(
            Consent.tenant_id == act.principal.firm,
            Consent.matter_id == matter_id,
            Consent.id > decode_id(query.cursor),
        )
        .order_by(Consent.id)
        .limit(query.limit + 1)
    )
    rows, cursor = cut(found.all(), query.limit, lambda row: row.id)
    subject = Subject("matter", matter_id, matter_id)
    await act.record(Draft("consent.listed", subject=subject, change={"items": len(rows)}))
    return ConsentPage(items=[_view(row, names) for row in rows], next=cursor)


async def withdraw_consent(act: Act, consent_id: UUID) -> ConsentView:
    """Withdraw a consent of a matter that one is on; running transfers that need it end within seconds.

    Raises:
        NotFound: no such consent for the principal.
        ConsentWithdrawn: it was withdrawn already.
    """
    mine = (Consent.tenant_id == act.principal.firm, Consent.id == consent_id)
    matter_id = await act.session.scalar(select(Consent.matter_id).where(*mine))
    if matter_id is None:
        raise NotFound
    names = matter_names(act, await own_matter(act, matter_id))
    consent = await act.session.scalar(
        update(Consent)
        .where(*mine, Consent.withdrawn_at.is_(None))
        .values(withdrawn_at=act.now, withdrawn_by=act.principal.id)
        .returning(Consent)
    )
    if consent is None:
        raise ConsentWithdrawn
    await act.record(Draft("consent.withdrawn", subject=_subject(consent)))
    return _view(consent, names)


def _subject(consent: Consent) -> Subject:
    return Subject("consent", consent.id, consent.matter_id)


def _view(row: Consent, names: Names) -> ConsentView:
    return ConsentView(
        id=row.id,
        matter_id=row.matter_id,
        given_at=row.given_at,
        note=names.open(_NOTE, row.id, row.note_sealed),
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
        withdrawn_at=row.withdrawn_at,
    )
