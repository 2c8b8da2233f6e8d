"""The two steps of the ledger. Each is one transaction under its tree's lock: wholly done or not at all.

`sequence` turns waiting events into leaves; `sign` names heads and publishes a checkpoint. Any number of
processes may take steps at once: one whose tree is locked by another leaves it to that one. A checkpoint's
root comes from the frontier that was committed with the leaves, and its size exceeds every earlier one's.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg

from services.audit.ledger import queries
from services.audit.ledger.growth import Growth
from services.audit.ledger.queries import LedgerDamagedError, Tree
from services.audit.offline.checkpoint import Checkpoint, sign_checkpoint
from services.audit.offline.merkle import EMPTY_ROOT, Frontier
from services.audit.offline.note import VerifierKey
from services.kernel.ids import new_id
from services.kernel.settings import Settings
from services.keys.log_key import LogKey

BATCH_EVENTS = 500  # above this a batch gains nothing (docs/capacity.md)


@dataclass(frozen=True, slots=True)
class Ledger:
    """What every tree of a deployment shares. `prefix`: what stands before `/log/` in each log's name."""

    prefix: str
    key: LogKey
    interval: timedelta

    def origin(self, log_id: UUID) -> str:
        """The log's name: it never changes, even when the deployment moves to another host."""
        return f"{self.prefix}/log/{log_id}"


def open_ledger(settings: Settings, key: LogKey) -> Ledger:
    """The ledger of this deployment.

    Raises:
        FormatError: public URL and deployment name give no valid log name.
    """
    prefix = f"{urlsplit(settings.public_url).netloc}/{settings.deployment}"
    ledger = Ledger(prefix, key, timedelta(seconds=settings.checkpoint_interval_seconds))
    Checkpoint(ledger.origin(UUID(int=0)), 0, EMPTY_ROOT)
    return ledger


async def sequence(connection: asyncpg.Connection, ledger: Ledger, tenant: UUID, now: datetime) -> int:
    """Give the next events of `tenant` their leaves; returns how many, 0 if another sequencer is at it."""
    async with connection.transaction():
        if not await queries.try_lock(connection, tenant):
            return 0
        batch = await queries.next_batch(connection, tenant, BATCH_EVENTS)
        if not batch:
            return 0
        tree = await queries.find_tree(connection, tenant) or await _new_tree(connection, ledger, tenant, now)
        size_before = tree.frontier.size
        touched = {event.matter for event in batch if event.matter is not None}
        heads = await queries.matter_heads(connection, tenant, touched) if touched else {}
        growth = Growth(tree.origin, tree.frontier, heads)
        for event in batch:
            growth.add_event(event)
        await queries.store(connection, tenant, size_before, growth)
    return len(batch)


async def sign(connection: asyncpg.Connection, ledger: Ledger, tenant: UUID, now: datetime) -> bool:
    """Publish a checkpoint of `tenant`'s tree, if it is due; returns whether it did.

    Raises:
        LedgerDamagedError: the tree is smaller than what was signed before.
    """
    async with connection.transaction():
        if not await queries.try_lock(connection, tenant):
            return False
        tree = await queries.find_tree(connection, tenant)
        if tree is None or not await _is_due(connection, ledger, tree, now):
            return False
        await _name_heads(connection, tree)
        checkpoint = Checkpoint(tree.origin, tree.frontier.size, tree.frontier.root())
        key = VerifierKey(tree.origin, ledger.key.public_bytes)
        note = sign_checkpoint(checkpoint, key, ledger.key.sign)
        await queries.insert_checkpoint(connection, tenant, checkpoint, note, now)
    return True


async def _new_tree(connection: asyncpg.Connection, ledger: Ledger, tenant: UUID, now: datetime) -> Tree:
    log_id = new_id(now)
    tree = Tree(tenant, ledger.origin(log_id), Frontier())
    await queries.insert_tree(connection, tree, log_id, now)
    return tree


async def _is_due(connection: asyncpg.Connection, ledger: Ledger, tree: Tree, now: datetime) -> bool:
    last = await queries.last_checkpoint(connection, tree.tenant)
    if last is None:
        return tree.frontier.size > 0
    size, signed_at = last
    if tree.frontier.size < size:
        raise LedgerDamagedError(f"The tree {tree.origin} is smaller than its checkpoint of size {size}.")
    return tree.frontier.size > size and not now - ledger.interval < signed_at <= now


async def _name_heads(connection: asyncpg.Connection, tree: Tree) -> None:
    heads = await queries.unnamed_heads(connection, tree.tenant)
    if not heads:
        return
    size_before = tree.frontier.size
    growth = Growth(tree.origin, tree.frontier)
    growth.name_heads(heads)
    await queries.store(connection, tree.tenant, size_before, growth)
