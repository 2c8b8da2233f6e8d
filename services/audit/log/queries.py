"""Reads of one organization's log. Every one names its tenant; row-level security sees to it again.

Tables are read one after the other by their keys, not joined: a plan for a join that was made before the
tables had statistics compares every leaf with every event.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, and_, any_, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from services.audit.log.cursor import Cursor
from services.audit.log.schemas import LogFilter
from services.tables.audit import Checkpoint, Leaf, Tree
from services.tables.evidence import Event, EventPersonalData, QueuedEvent, SubjectKey


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event. `idx` is the index of its leaf, None before it has one."""

    id: UUID
    at: datetime
    body: bytes
    sha256: bytes
    idx: int | None


@dataclass(frozen=True, slots=True)
class SealedData:
    """Personal data of an event, and the wrapped key of the person it describes."""

    subject: UUID
    sealed: bytes
    wrapped_key: bytes


@dataclass(frozen=True, slots=True)
class SignedHead:
    """The last checkpoint of a log."""

    origin: str
    size: int
    note: bytes


def _one_of(column: InstrumentedAttribute[Any], ids: Iterable[UUID]) -> ColumnElement[bool]:
    """One array parameter, so that the statement is the same for any number of ids."""
    return column == any_(literal(list(ids), ARRAY(Uuid)))


def _fitting(tenant: UUID, wanted: LogFilter) -> ColumnElement[bool]:
    exact = (
        (Event.matter_id, wanted.matter),
        (Event.actor_id, wanted.actor),
        (Event.document_id, wanted.document),
        (Event.type, wanted.type),
        (Event.outcome, wanted.outcome),
    )
    conditions = [
        Event.tenant_id == tenant,
        *(column == value for column, value in exact if value is not None),
    ]
    if wanted.since is not None:
        conditions.append(Event.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(Event.at < wanted.until)
    return and_(*conditions)


_EVENT = (Event.id, Event.at, Event.body, Event.sha256)


async def find_events(
    session: AsyncSession, tenant: UUID, wanted: LogFilter, after: Cursor | None, limit: int
) -> list[EventRow]:
    """Events that fit, newest first, from the position `after` on."""
    query = select(*_EVENT).where(_fitting(tenant, wanted))
    if after is not None:
        query = query.where(tuple_(Event.at, Event.id) < tuple_(after.at, after.id))
    found = (await session.execute(query.order_by(Event.at.desc(), Event.id.desc()).limit(limit))).all()
    sealed = await session.execute(
        select(Leaf.event_id, Leaf.idx).where(
            Leaf.tenant_id == tenant, _one_of(Leaf.event_id, (event.id for event in found))
        )
    )
    places = {row.event_id: row.idx for row in sealed}
    return [EventRow(*event, idx=places.get(event.id)) for event in found]


async def events_of_leaves(
    session: AsyncSession, tenant: UUID, wanted: LogFilter, leaves: range
) -> list[EventRow]:
    """Events that fit and whose leaf is one of `leaves`, in the order of the leaves."""
    ranged = await session.execute(
        select(Leaf.event_id, Leaf.idx).where(
            Leaf.tenant_id == tenant,
            Leaf.idx >= leaves.start,
            Leaf.idx < leaves.stop,
            Leaf.event_id.is_not(None),
        )
    )
    places = {row.event_id: row.idx for row in ranged}
    query = select(*_EVENT).where(_fitting(tenant, wanted), _one_of(Event.id, places))
    found = [EventRow(*event, idx=places[event.id]) for event in await session.execute(query)]
    return sorted(found, key=lambda event: places[event.id])


async def sealed_data(session: AsyncSession, tenant: UUID, events: Iterable[UUID]) -> dict[UUID, SealedData]:
    """What lies beside these events and can be opened: by event id, absent where the key is gone."""
    data = select(EventPersonalData.event_id, EventPersonalData.subject_id, EventPersonalData.sealed).where(
        EventPersonalData.tenant_id == tenant, _one_of(EventPersonalData.event_id, events)
    )
    rows = (await session.execute(data)).all()
    keys = select(SubjectKey.subject_id, SubjectKey.wrapped).where(
        SubjectKey.tenant_id == tenant, _one_of(SubjectKey.subject_id, {row.subject_id for row in rows})
    )
    wrapped = {row.subject_id: row.wrapped for row in await session.execute(keys)}
    return {
        row.event_id: SealedData(row.subject_id, row.sealed, wrapped[row.subject_id])
        for row in rows
        if row.subject_id in wrapped
    }


async def leaf_bodies(session: AsyncSession, tenant: UUID, leaves: range) -> Sequence[bytes]:
    query = select(Leaf.body).where(
        Leaf.tenant_id == tenant, Leaf.idx >= leaves.start, Leaf.idx < leaves.stop
    )
    return (await session.scalars(query.order_by(Leaf.idx))).all()


async def last_checkpoint(session: AsyncSession, tenant: UUID, least_size: int = 0) -> SignedHead | None:
    """The last checkpoint, if it covers `least_size` leaves."""
    query = (
        select(Tree.origin, Checkpoint.size, Checkpoint.note)
        .join(Checkpoint, Checkpoint.tenant_id == Tree.tenant_id)
        .where(Tree.tenant_id == tenant, Checkpoint.size >= least_size)
        .order_by(Checkpoint.size.desc())
        .limit(1)
    )
    row = (await session.execute(query)).one_or_none()
    return None if row is None else SignedHead(row.origin, row.size, row.note.encode())


async def last_queued_stamp(session: AsyncSession, tenant: UUID) -> int | None:
    """The stamp that no event committed by now and still without a leaf exceeds; None if all have one."""
    query = select(QueuedEvent.stamp).where(QueuedEvent.tenant_id == tenant)
    return await session.scalar(query.order_by(QueuedEvent.stamp.desc()).limit(1))


async def is_queued_until(session: AsyncSession, tenant: UUID, stamp: int) -> bool:
    """Whether an event without a leaf has this stamp or an earlier one."""
    query = select(QueuedEvent.event_id).where(QueuedEvent.tenant_id == tenant, QueuedEvent.stamp <= stamp)
    return await session.scalar(query.limit(1)) is not None


async def tree_size(session: AsyncSession, tenant: UUID) -> int:
    return await session.scalar(select(Tree.size).where(Tree.tenant_id == tenant)) or 0
