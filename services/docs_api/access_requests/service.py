"""Asking for access, and the answers: a grant (`grants.create` names the request), no, or never mind."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.elements import ColumnElement

from services.docs_api.access import parameters
from services.docs_api.access_requests.errors import RequestOpen
from services.docs_api.access_requests.queries import (
    close,
    concerns_oneself,
    lapse,
    requestable_matter,
    requested_since,
    requests_with_keys,
)
from services.docs_api.access_requests.schemas import (
    AccessRequestPage,
    AccessRequestView,
    Decline,
    NewAccessRequest,
)
from services.docs_api.grants.policy import oversees_grants
from services.docs_api.keychain import Names
from services.docs_api.keys import matter_names
from services.docs_api.matters.queries import firm_matter, own_matter
from services.docs_api.paging import cut, decode_id
from services.docs_api.people.queries import has_role
from services.docs_api.refusals import invalid
from services.docs_api.turns import one_at_a_time
from services.docs_api.wire import ListQuery
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.clock import timestamp
from services.kernel.ids import new_id
from services.kernel.problems import NotFound, TooManyRequests
from services.kernel.scopes import Role
from services.tables.agreements import AccessRequest

OPEN_FOR = timedelta(days=14)
PER_DAY = 10
"""Each request is a mail to the attorneys of its matter."""

_DAY = timedelta(days=1)
_REASON, _NOTE = "access_requests.reason_sealed", "access_requests.note_sealed"


async def make_request(act: Act, matter_id: UUID, new: NewAccessRequest) -> AccessRequestView:
    """Ask the people on a matter for access, for oneself or a colleague.

    Whether the classes exist is not said: the firm's vocabulary is seen through grants alone.

    Raises:
        NotFound: the principal holds no grant in such a matter, and held none of late.
        InvalidInput: the end has passed, or there is no such colleague.
        RequestOpen: one is waiting for its answer.
        TooManyRequests: the principal asked for much today.
    """
    names = matter_names(act, await requestable_matter(act, matter_id))
    if new.ends_at <= act.now:
        raise invalid("/ends_at", "term")
    member = await _colleague(act, new.member_id)
    await one_at_a_time(act.session, "access-requests", act.principal.firm, act.principal.id)
    if await requested_since(act, act.now - _DAY) >= PER_DAY:
        raise TooManyRequests(int(_DAY.total_seconds()))
    await lapse(act, matter_id, member)
    request_id = new_id(act.now)
    row = {
        "tenant_id": act.principal.firm,
        "id": request_id,
        "matter_id": matter_id,
        "provider_id": act.principal.organization,
        "member_id": member,
        "requested_by": act.principal.id,
        "classes": sorted(new.classes),
        "ends_at": new.ends_at,
        "reason_sealed": names.seal(_REASON, request_id, new.reason),
        "state": "open",
        "created_at": act.now,
        "lapses_at": min(new.ends_at, act.now + OPEN_FOR),
    }
    made = await act.session.scalar(
        insert(AccessRequest).values(row).on_conflict_do_nothing().returning(AccessRequest)
    )
    if made is None:
        raise RequestOpen
    change: dict[str, object] = {
        "member": str(member),
        "provider": str(made.provider_id),
        "classes": made.classes,
        "ends_at": timestamp(made.ends_at),
    }
    await act.record(Draft("access_request.made", subject=_subject(made), change=change))
    return _view(act, made, names)


async def list_own_requests(act: Act, query: ListQuery) -> AccessRequestPage:
    """What the principal asked for in the acting firm, or somebody for them."""
    return await _list(act, query, concerns_oneself(), Draft("access_request.own.listed"))


async def list_requests(act: Act, matter_id: UUID, query: ListQuery) -> AccessRequestPage:
    """The requests of a matter, for those on it and for compliance officers of the firm.

    Raises:
        NotFound: no such matter for the principal.
    """
    await (firm_matter if oversees_grants(act.principal) else own_matter)(act, matter_id)
    of_matter = AccessRequest.matter_id == matter_id
    return await _list(
        act, query, of_matter, Draft("access_request.listed", subject=Subject("matter", matter_id, matter_id))
    )


async def decline_request(act: Act, request_id: UUID, answer: Decline) -> AccessRequestView:
    """Say no, and why, as somebody on the matter.

    Raises:
        NotFound: no such request for the principal.
        RequestDecided: it is not open any more.
    """
    matter_id = await act.session.scalar(
        select(AccessRequest.matter_id).where(
            AccessRequest.tenant_id == act.principal.firm, AccessRequest.id == request_id
        )
    )
    if matter_id is None:
        raise NotFound
    names = matter_names(act, await own_matter(act, matter_id))
    note = names.seal(_NOTE, request_id, answer.note)
    closed = await close(act, request_id, "declined", note_sealed=note)
    await act.record(Draft("access_request.declined", subject=_subject(closed), change=_about(closed)))
    return _view(act, closed, names)


async def withdraw_request(act: Act, request_id: UUID) -> AccessRequestView:
    """Take back what one asked for, or somebody for one.

    Raises:
        NotFound: no such request of the principal.
        RequestDecided: it is not open any more.
    """
    mine = requests_with_keys().where(AccessRequest.id == request_id, concerns_oneself())
    found = await act.session.execute(mine, parameters(act.principal, act.now))
    row = found.mappings().one_or_none()
    if row is None:
        raise NotFound
    closed = await close(act, request_id, "withdrawn")
    await act.record(Draft("access_request.withdrawn", subject=_subject(closed), change=_about(closed)))
    return _view(act, closed, matter_names(act, dict(row)))


async def answer_with_grant(act: Act, request_id: UUID, matter_id: UUID, member: UUID, grant: UUID) -> None:
    """A grant that is being given answers a request for the same person in the same matter.

    Raises:
        InvalidInput: the matter has no such request for this person.
        RequestDecided: it is not open any more.
    """
    fits = await act.session.scalar(
        select(AccessRequest.id).where(
            AccessRequest.tenant_id == act.principal.firm,
            AccessRequest.id == request_id,
            AccessRequest.matter_id == matter_id,
            AccessRequest.member_id == member,
        )
    )
    if fits is None:
        raise invalid("/request_id", "request")
    await close(act, request_id, "granted", grant_id=grant)


async def _colleague(act: Act, member: UUID | None) -> UUID:
    if member is None or member == act.principal.id:
        return act.principal.id
    firm, provider = act.principal.firm, act.principal.organization
    await act.see(firm, provider)
    fit = await has_role(act, provider, member, {Role.PARALEGAL})
    await act.see(firm)
    if not fit:
        raise invalid("/member_id", "member")
    return member


async def _list(act: Act, query: ListQuery, which: ColumnElement[bool], draft: Draft) -> AccessRequestPage:
    statement = (
        requests_with_keys()
        .where(which, AccessRequest.id > decode_id(query.cursor))
        .order_by(AccessRequest.id)
        .limit(query.limit + 1)
    )
    found = await act.session.execute(statement, parameters(act.principal, act.now))
    rows, cursor = cut(found.mappings().all(), query.limit, lambda row: row["AccessRequest"].id)
    await act.record(replace(draft, change={"items": len(rows)}))
    items = [_view(act, row["AccessRequest"], matter_names(act, dict(row))) for row in rows]
    return AccessRequestPage(items=items, next=cursor)


def _subject(request: AccessRequest) -> Subject:
    return Subject("access_request", request.id, request.matter_id)


def _about(request: AccessRequest) -> dict[str, object]:
    return {"member": str(request.member_id)}


def _view(act: Act, row: AccessRequest, names: Names) -> AccessRequestView:
    lapsed = row.state == "open" and row.lapses_at <= act.now
    reads = not act.principal.acts_for_another or row.requested_by == act.principal.id
    note = row.note_sealed if reads else None
    return AccessRequestView(
        id=row.id,
        matter_id=row.matter_id,
        provider_id=row.provider_id,
        member_id=row.member_id,
        requested_by=row.requested_by,
        classes=row.classes,
        ends_at=row.ends_at,
        reason=names.open(_REASON, row.id, row.reason_sealed) if reads else None,
        state="lapsed" if lapsed else row.state,
        created_at=row.created_at,
        lapses_at=row.lapses_at,
        decided_at=row.lapses_at if lapsed else row.decided_at,
        note=None if note is None else names.open(_NOTE, row.id, note),
        grant_id=row.grant_id,
    )
