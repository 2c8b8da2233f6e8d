"""The sequencer's statements, on its own asyncpg connection and as its own database role."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from services.audit.ledger.growth import Growth, QueuedEvent
from services.audit.offline.checkpoint import Checkpoint
from services.audit.offline.merkle import Frontier

# A loose index scan: one probe for each organization, however many events wait.
_QUEUED_TENANTS = """
WITH RECURSIVE tenant AS (
    (SELECT tenant_id FROM event_queue ORDER BY tenant_id LIMIT 1)
    UNION ALL
    SELECT (SELECT q.tenant_id FROM event_queue q WHERE q.tenant_id > tenant.tenant_id
            ORDER BY q.tenant_id LIMIT 1)
    FROM tenant WHERE tenant.tenant_id IS NOT NULL
)
SELECT tenant_id FROM tenant WHERE tenant_id IS NOT NULL
"""
_GROWN_TREES = """
SELECT t.tenant_id FROM trees t
LEFT JOIN LATERAL (
    SELECT size, signed_at FROM checkpoints c WHERE c.tenant_id = t.tenant_id ORDER BY size DESC LIMIT 1
) c ON true
WHERE t.size > coalesce(c.size, 0) AND (c.size IS NULL OR c.signed_at NOT BETWEEN $1 AND $2)
"""
_LAST_CHECKPOINT = """
SELECT size, signed_at FROM checkpoints WHERE tenant_id = $1 ORDER BY size DESC LIMIT 1
"""
# Two statements, not a join: planned before the tables have statistics, a join compares all with all.
_QUEUED = """
SELECT event_id FROM event_queue WHERE tenant_id = $1 ORDER BY stamp, event_id LIMIT $2
"""
_EVENTS = "SELECT id, sha256, matter_id FROM events WHERE tenant_id = $1 AND id = ANY ($2::uuid[])"
_NAME_HEADS = """
UPDATE matter_heads SET named_seq = seq WHERE tenant_id = $1 AND named_seq < seq RETURNING matter_id, seq
"""
_STORE = """
WITH leaf AS (
    INSERT INTO leaves (tenant_id, idx, event_id, body)
    SELECT $1, idx, event_id, body
    FROM unnest($2::bigint[], $3::uuid[], $4::bytea[]) AS l (idx, event_id, body)
), head AS (
    INSERT INTO matter_heads (tenant_id, matter_id, seq, named_seq)
    SELECT $1, matter_id, seq, 0 FROM unnest($5::uuid[], $6::bigint[]) AS h (matter_id, seq)
    ON CONFLICT (tenant_id, matter_id) DO UPDATE SET seq = excluded.seq
), gone AS (
    DELETE FROM event_queue WHERE tenant_id = $1 AND event_id = ANY ($3::uuid[]) RETURNING 1
), tree AS (
    UPDATE trees SET size = $7, frontier = $8 WHERE tenant_id = $1 AND size = $9 RETURNING 1
)
SELECT (SELECT count(*) FROM gone) AS unqueued, (SELECT count(*) FROM tree) AS trees
"""


class LedgerDamagedError(RuntimeError):
    """What is stored of a tree contradicts itself; it must not be extended or signed."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A stored tree. `frontier` is a copy of its own for whoever loaded it."""

    tenant: UUID
    origin: str
    frontier: Frontier


async def queued_tenants(connection: asyncpg.Connection) -> list[UUID]:
    return [row["tenant_id"] for row in await connection.fetch(_QUEUED_TENANTS)]


async def grown_trees(connection: asyncpg.Connection, signed_since: datetime, now: datetime) -> list[UUID]:
    """Trees that are larger than their last checkpoint, unless that was signed between the two times.

    A signature from the future is a clock set back, and no reason to wait.
    """
    return [row["tenant_id"] for row in await connection.fetch(_GROWN_TREES, signed_since, now)]


async def oldest_queued_at(connection: asyncpg.Connection) -> datetime | None:
    oldest: datetime | None = await connection.fetchval("SELECT min(at) FROM event_queue")
    return oldest


async def try_lock(connection: asyncpg.Connection, tenant: UUID) -> bool:
    """Take the tree's lock until the transaction ends, unless another sequencer has it.

    Statements after this one see whatever the last holder committed: a transaction becomes visible before
    its locks are released. Two tenants whose keys collide merely wait for each other.
    """
    key = int.from_bytes(tenant.bytes[8:], "big", signed=True)  # the random half of the id
    return bool(await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", key))


async def find_tree(connection: asyncpg.Connection, tenant: UUID) -> Tree | None:
    """The tree of `tenant`.

    Raises:
        LedgerDamagedError: its frontier is of another size than the tree, or the leaves end elsewhere.
    """
    row = await connection.fetchrow(
        "SELECT origin, size, frontier, (SELECT max(idx) FROM leaves WHERE tenant_id = $1) AS last_idx "
        "FROM trees WHERE tenant_id = $1",
        tenant,
    )
    if row is None:
        return None
    frontier = Frontier.from_bytes(row["frontier"])
    leaves = 0 if row["last_idx"] is None else row["last_idx"] + 1
    if not frontier.size == row["size"] == leaves:
        raise LedgerDamagedError(f"The tree {row['origin']} has {leaves} leaves but says {row['size']}.")
    return Tree(tenant, row["origin"], frontier)


async def insert_tree(connection: asyncpg.Connection, tree: Tree, log_id: UUID, now: datetime) -> None:
    await connection.execute(
        "INSERT INTO trees (tenant_id, log_id, origin, size, frontier, created_at) "
        "VALUES ($1, $2, $3, 0, $4, $5)",
        tree.tenant,
        log_id,
        tree.origin,
        tree.frontier.to_bytes(),
        now,
    )


async def next_batch(connection: asyncpg.Connection, tenant: UUID, limit: int) -> list[QueuedEvent]:
    """The longest waiting events, in the order of the transactions that wrote them."""
    queued = [row["event_id"] for row in await connection.fetch(_QUEUED, tenant, limit)]
    rows = {row["id"]: row for row in await connection.fetch(_EVENTS, tenant, queued)}
    return [QueuedEvent(id_, rows[id_]["sha256"], rows[id_]["matter_id"]) for id_ in queued]


async def matter_heads(
    connection: asyncpg.Connection, tenant: UUID, matters: Iterable[UUID]
) -> dict[UUID, int]:
    rows = await connection.fetch(
        "SELECT matter_id, seq FROM matter_heads WHERE tenant_id = $1 AND matter_id = ANY ($2::uuid[])",
        tenant,
        list(matters),
    )
    return {row["matter_id"]: row["seq"] for row in rows}


async def unnamed_heads(connection: asyncpg.Connection, tenant: UUID) -> dict[UUID, int]:
    """The matters touched since heads were last named. From now on they count as named."""
    return {row["matter_id"]: row["seq"] for row in await connection.fetch(_NAME_HEADS, tenant)}


async def store(connection: asyncpg.Connection, tenant: UUID, size_before: int, growth: Growth) -> None:
    """Store the leaves of a step, and take their events from the queue.

    Raises:
        LedgerDamagedError: tree or queue is not what the step was computed from.
    """
    row = await connection.fetchrow(
        _STORE,
        tenant,
        [leaf.idx for leaf in growth.leaves],
        [leaf.event for leaf in growth.leaves],
        [leaf.body for leaf in growth.leaves],
        list(growth.heads),
        list(growth.heads.values()),
        growth.frontier.size,
        growth.frontier.to_bytes(),
        size_before,
    )
    events = sum(leaf.event is not None for leaf in growth.leaves)
    if row is None or (row["unqueued"], row["trees"]) != (events, 1):
        raise LedgerDamagedError(f"The tree {growth.origin} changed while its lock was held.")


async def last_checkpoint(connection: asyncpg.Connection, tenant: UUID) -> tuple[int, datetime] | None:
    """Size and time of the last checkpoint."""
    row = await connection.fetchrow(_LAST_CHECKPOINT, tenant)
    return None if row is None else (row["size"], row["signed_at"])


async def insert_checkpoint(
    connection: asyncpg.Connection, tenant: UUID, checkpoint: Checkpoint, note: bytes, now: datetime
) -> None:
    await connection.execute(
        "INSERT INTO checkpoints (tenant_id, size, root, note, signed_at) VALUES ($1, $2, $3, $4, $5)",
        tenant,
        checkpoint.size,
        checkpoint.root,
        note.decode(),
        now,
    )
