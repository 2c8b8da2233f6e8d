"""The feed is a query: an event is told only to somebody who may see what it speaks of, now.

A member of the firm is told of the matters that they are on, and of engagements that grants in them stand on;
a provider's person of their own grants and requests, of the engagements behind them, and of documents that a
live grant lets them read.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.sql.elements import ColumnElement

from services.docs_api.access import MEMBER, ORGANIZATION, TENANT, on_matter, parameters
from services.docs_api.access_requests.queries import concerns_oneself
from services.docs_api.documents.queries import readable_documents
from services.evidence.act import Act
from services.tables.agreements import AccessRequest, Grant, was_held_by
from services.tables.audit import Leaf, Tree
from services.tables.content import Document
from services.tables.docs import Matter, MatterPerson
from services.tables.evidence import Event

ENDING = "grant.ending"
OF_GRANTS = ("grant.given", "grant.revoked", ENDING)
OF_REQUESTS = ("access_request.made", "access_request.declined", "access_request.withdrawn")
OF_ENGAGEMENTS = ("engagement.changed", "engagement.ended")
OF_DOCUMENTS = (
    "document.received",
    "document.scanned",
    "document.released",
    "document.changed",
    "document.withdrawn",
    "document.restored",
)
QUARANTINED = "document.quarantined"
"""Told to people on the matter alone: for everybody else the version is not there."""

_TOLD = or_(Event.outcome == "allowed", Event.type.in_((ENDING, QUARANTINED)))
ChangeRow = Mapping[str, Any]


async def size_of_log(act: Act) -> int:
    """How many leaves the firm's log has: whatever has none yet will have a later place."""
    size = await act.session.scalar(select(Tree.size).where(Tree.tenant_id == act.principal.firm))
    return size or 0


async def first_since(act: Act, moment: datetime) -> int | None:
    """The place of the first event of the firm since `moment`; None if there is none."""
    found: int | None = await act.session.scalar(
        select(Leaf.idx)
        .join(Event, and_(Event.tenant_id == Leaf.tenant_id, Event.id == Leaf.event_id))
        .where(Event.tenant_id == act.principal.firm, Event.at >= moment)
        .order_by(Event.at, Event.id)
        .limit(1)
    )
    return found


async def changes_between(act: Act, first: int, end: int, limit: int) -> list[ChangeRow]:
    """What concerns the principal at the places from `first` up to but without `end`, oldest first."""
    concerns = _concerns_holder() if act.principal.acts_for_another else _concerns_member()
    statement = (
        select(
            Leaf.idx,
            Event.id,
            Event.at,
            Event.type,
            Event.matter_id,
            Event.document_id,
            Event.object_kind,
            Event.object_id,
        )
        .join(Event, and_(Event.tenant_id == Leaf.tenant_id, Event.id == Leaf.event_id))
        .outerjoin(Matter, and_(Matter.tenant_id == Event.tenant_id, Matter.id == Event.matter_id))
        .where(
            Leaf.tenant_id == TENANT,
            Leaf.idx >= first,
            Leaf.idx < end,
            _TOLD,
            concerns,
        )
        .order_by(Leaf.idx)
        .limit(limit)
    )
    found = await act.session.execute(statement, parameters(act.principal, act.now))
    return [dict(row) for row in found.mappings()]


def _concerns_member() -> ColumnElement[bool]:
    engaged = select(Grant.id).where(
        Grant.tenant_id == TENANT,
        Grant.engagement_id == Event.object_id,
        MatterPerson.tenant_id == TENANT,
        MatterPerson.matter_id == Grant.matter_id,
        MatterPerson.member_id == MEMBER,
    )
    return or_(
        and_(Event.type.in_(OF_GRANTS + OF_REQUESTS + OF_DOCUMENTS + (QUARANTINED,)), on_matter()),
        and_(Event.type.in_(OF_ENGAGEMENTS), engaged.correlate(Event).exists()),
    )


def _concerns_holder() -> ColumnElement[bool]:
    own = select(Grant.id).where(Grant.tenant_id == TENANT, was_held_by(ORGANIZATION, MEMBER))
    asked = select(AccessRequest.id).where(
        AccessRequest.tenant_id == TENANT, AccessRequest.id == Event.object_id, concerns_oneself()
    )
    readable = readable_documents(acting_for_another=True).where(Document.id == Event.document_id)
    return or_(
        and_(Event.type.in_(OF_GRANTS), own.where(Grant.id == Event.object_id).correlate(Event).exists()),
        and_(
            Event.type.in_(OF_ENGAGEMENTS),
            own.where(Grant.engagement_id == Event.object_id).correlate(Event).exists(),
        ),
        and_(Event.type.in_(OF_REQUESTS), asked.correlate(Event).exists()),
        and_(Event.type.in_(OF_DOCUMENTS), readable.correlate(Event).exists()),
    )
