"""Who may ask for access, and what they asked for."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, exists, func, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from services.docs_api.access import MEMBER, ORGANIZATION, TENANT, parameters
from services.docs_api.access_requests.errors import RequestDecided
from services.docs_api.keys import KEY_COLUMNS, firm_of_matter_key
from services.docs_api.matters.queries import MatterRow, with_keys
from services.evidence.act import Act
from services.kernel.problems import NotFound
from services.tables.agreements import AccessRequest, Grant, was_held_by
from services.tables.docs import FirmKey, Matter, MatterKey

REMEMBERED = timedelta(days=90)
"""How long after the end of a grant its holder may still ask about the matter."""


async def requestable_matter(act: Act, matter_id: UUID) -> MatterRow:
    """An open matter in which the principal holds, or not long ago held, a grant of the acting firm.

    They know of the matter, so that asking teaches them nothing.

    Raises:
        NotFound: there is none for them.
    """
    known = exists().where(
        Grant.tenant_id == TENANT,
        Grant.matter_id == Matter.id,
        was_held_by(ORGANIZATION, MEMBER),
        func.least(func.coalesce(Grant.revoked_at, Grant.ends_at), Grant.ends_at) > act.now - REMEMBERED,
    )
    statement = with_keys().where(known, Matter.state == "open", Matter.id == matter_id)
    found = (
        (await act.session.execute(statement, parameters(act.principal, act.now))).mappings().one_or_none()
    )
    if found is None or not act.principal.acts_for_another:
        raise NotFound
    return dict(found)


def requests_with_keys() -> Select[Any]:
    """Requests of the acting firm, each with the keys that open its words."""
    current = and_(
        MatterKey.tenant_id == AccessRequest.tenant_id,
        MatterKey.matter_id == AccessRequest.matter_id,
        MatterKey.retired_at.is_(None),
    )
    columns: tuple[Any, ...] = (AccessRequest, *KEY_COLUMNS)
    return (
        select(*columns)
        .join(MatterKey, current)
        .join(FirmKey, firm_of_matter_key())
        .where(AccessRequest.tenant_id == TENANT)
    )


def concerns_oneself() -> ColumnElement[bool]:
    """The principal made the request, or it is for them."""
    return and_(
        AccessRequest.provider_id == ORGANIZATION,
        or_(AccessRequest.requested_by == MEMBER, AccessRequest.member_id == MEMBER),
    )


async def requested_since(act: Act, moment: datetime) -> int:
    """How many requests the principal has made in the acting firm since `moment`."""
    mine = (
        AccessRequest.tenant_id == act.principal.firm,
        AccessRequest.requested_by == act.principal.id,
        AccessRequest.created_at > moment,
    )
    return await act.session.scalar(select(func.count()).select_from(AccessRequest).where(*mine)) or 0


async def lapse(act: Act, matter_id: UUID, member: UUID) -> None:
    """Close what was left unanswered too long, so that it can be asked again."""
    await act.session.execute(
        update(AccessRequest)
        .where(
            AccessRequest.tenant_id == act.principal.firm,
            AccessRequest.matter_id == matter_id,
            AccessRequest.member_id == member,
            AccessRequest.state == "open",
            AccessRequest.lapses_at <= act.now,
        )
        .values(state="lapsed", decided_at=AccessRequest.lapses_at)
    )


async def close(act: Act, request_id: UUID, state: str, **values: object) -> AccessRequest:
    """Decide an open request of the acting firm; of many at once, one does.

    Raises:
        RequestDecided: it is not open, or not any more.
    """
    closed: AccessRequest | None = await act.session.scalar(
        update(AccessRequest)
        .where(
            AccessRequest.tenant_id == act.principal.firm,
            AccessRequest.id == request_id,
            AccessRequest.state == "open",
            AccessRequest.lapses_at > act.now,
        )
        .values(state=state, decided_at=act.now, decided_by=act.principal.id, **values)
        .returning(AccessRequest)
    )
    if closed is None:
        raise RequestDecided
    return closed
