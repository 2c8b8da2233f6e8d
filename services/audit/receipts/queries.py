"""Reads for a receipt, each bounded: an event and its companions, leaves, and hashes of subtrees."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, func, literal, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.audit.receipts.spans import GROUP, GROUP_LEVELS, Span
from services.tables.audit import Leaf, Subtree
from services.tables.evidence import Event

_LEAF_PREFIX = b"\x00"  # RFC 6962, section 2.1
_LEAVES = text(
    "SELECT idx / 256 AS parent, array_agg(sha256(:prefix || body) ORDER BY idx) AS hashes FROM leaves "
    "WHERE tenant_id = :tenant AND idx >= :start AND idx < :stop GROUP BY 1 ORDER BY 1"
).bindparams(bindparam("prefix", _LEAF_PREFIX))
_SUBTREES = text(
    "SELECT idx / 256 AS parent, array_agg(hash ORDER BY idx) AS hashes FROM subtrees "
    "WHERE tenant_id = :tenant AND level = :level AND idx >= :start AND idx < :stop GROUP BY 1 ORDER BY 1"
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as far as a receipt is concerned. `actor` is None for what nobody known did."""

    id: UUID
    at: datetime
    type: str
    outcome: str
    actor: UUID | None
    request: UUID | None
    document: UUID | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Placed:
    """A leaf: its index and exact bytes."""

    idx: int
    body: bytes


_RECORDED = (
    Event.id,
    Event.at,
    Event.type,
    Event.outcome,
    Event.actor_id,
    Event.request_id,
    Event.document_id,
    Event.body,
)


async def find_event(session: AsyncSession, tenant: UUID, event_id: UUID) -> Recorded | None:
    row = (
        await session.execute(select(*_RECORDED).where(Event.tenant_id == tenant, Event.id == event_id))
    ).one_or_none()
    return None if row is None else Recorded(*row)


async def companions(session: AsyncSession, tenant: UUID, event: Recorded, limit: int) -> list[Recorded]:
    """What the same request left about the same document after `event`: how a transfer ended."""
    if event.request is None or event.document is None:
        return []
    query = select(*_RECORDED).where(
        Event.tenant_id == tenant,
        Event.document_id == event.document,
        Event.at >= event.at,
        Event.request_id == event.request,
        Event.actor_id == event.actor,
        Event.outcome != "denied",
        Event.id != event.id,
    )
    rows = await session.execute(query.order_by(Event.at, Event.id).limit(limit))
    return [Recorded(*row) for row in rows]


async def leaves_of(session: AsyncSession, tenant: UUID, events: Sequence[UUID]) -> dict[UUID, Placed]:
    """The leaves of those events that have one."""
    rows = await session.execute(
        select(Leaf.event_id, Leaf.idx, Leaf.body).where(Leaf.tenant_id == tenant, Leaf.event_id.in_(events))
    )
    return {row.event_id: Placed(row.idx, row.body) for row in rows if row.event_id is not None}


async def hashes_in(session: AsyncSession, tenant: UUID, span: Span) -> dict[tuple[int, int], bytes]:
    """Hashes of a span, by level and index; kept ones only, for levels above the leaves."""
    if span.level == 0:
        hashed = func.sha256(literal(_LEAF_PREFIX).op("||")(Leaf.body))
        query = select(Leaf.idx, hashed).where(
            Leaf.tenant_id == tenant, Leaf.idx >= span.start, Leaf.idx < span.stop
        )
    else:
        query = select(Subtree.idx, Subtree.hash).where(
            Subtree.tenant_id == tenant,
            Subtree.level == span.level,
            Subtree.idx >= span.start,
            Subtree.idx < span.stop,
        )
    return {(span.level, idx): hashed for idx, hashed in await session.execute(query)}


async def kept_count(session: AsyncSession, tenant: UUID, level: int) -> int:
    """How many subtrees of a level are kept: always the first ones."""
    last = await session.scalar(
        select(func.max(Subtree.idx)).where(Subtree.tenant_id == tenant, Subtree.level == level)
    )
    return 0 if last is None else last + 1


async def children(
    session: AsyncSession, tenant: UUID, level: int, parents: range
) -> dict[int, Sequence[bytes]]:
    """The 256 hashes below each of some subtrees of `level`."""
    values = {"tenant": tenant, "start": parents.start * GROUP, "stop": parents.stop * GROUP}
    child = level - GROUP_LEVELS
    rows = await session.execute(*((_SUBTREES, values | {"level": child}) if child else (_LEAVES, values)))
    return {row.parent: row.hashes for row in rows}


async def keep(session: AsyncSession, tenant: UUID, level: int, hashes: dict[int, bytes]) -> None:
    """Keep hashes of subtrees; another process that keeps them at the same time keeps the same."""
    rows = [{"tenant_id": tenant, "level": level, "idx": idx, "hash": hashes[idx]} for idx in sorted(hashes)]
    await session.execute(insert(Subtree).on_conflict_do_nothing(), rows)
