"""The sweeper: closes uploads that a crash or time left open, and deletes objects that no row names.

It works as its own database role, on one connection, past the tenants; an advisory lock keeps it to one
process at a time. An object younger than the grace may be on its way to its row, and stays.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from services.docs_api.arrivals.rejecting import UNWANTED
from services.docs_api.keychain import WrappedFirmKey
from services.docs_api.sweep.belonging import Pair
from services.docs_api.sweep.statements import (
    ABANDON,
    FORGET_CAPABILITIES,
    FORGET_SEGMENTS,
    INTERRUPT,
    KNOWN_OBJECTS,
    RELEASED,
    SOME_FIRM_KEY,
)
from services.docs_api.vault import Vault
from services.evidence.event import Draft, Subject
from services.kernel.database import connected
from services.kernel.logs import logger
from services.keys.files import KeyDirectory, KeyFile
from services.storage.protocol import ObjectStore, StoreError
from services.storage.stores import address_of, owner_of
from services.tables.roles import Role

LOCK = 0x72656477_73776570  # "redwswep"
_BATCH = 256
_log = logger("docs")


@dataclass(frozen=True, slots=True)
class Swept:
    """What one round did."""

    abandoned: int = 0
    interrupted: int = 0
    deleted: int = 0


async def sweep_until(stop: asyncio.Event, vault: Vault) -> None:
    """Sweep at every interval until told to stop. A round that fails is logged, and the next tries again."""
    while not stop.is_set():
        try:
            swept = await sweep_once(vault)
            if swept not in {None, Swept()}:
                _log.info("swept", swept=str(swept))
        except Exception as failure:  # noqa: BLE001 -- a sweep that ended would leave orphans for ever
            _log.error("sweep failed", exc_info=failure)
        try:
            await asyncio.wait_for(stop.wait(), vault.settings.sweep_interval_seconds)
        except TimeoutError:
            continue


async def sweep_once(vault: Vault) -> Swept | None:
    """One round; None if another process is at it."""
    async with sweeper_connection(vault) as connection:
        if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
            return None
        abandoned = await _close_uploads(vault, connection, ABANDON, "expired")
        interrupted = await _close_uploads(vault, connection, INTERRUPT, "interrupted")
        await _forget_released(vault, connection)
        await connection.execute(FORGET_CAPABILITIES, vault.recorder.clock())
        deleted = await _sweep_stores(vault, connection)
        return Swept(abandoned, interrupted, deleted)


async def _sweep_stores(vault: Vault, connection: asyncpg.Connection) -> int:
    """Delete the orphans of every store; one that does not answer keeps no other from it.

    Raises:
        StoreError: what the first of them said that did not.
    """
    deleted, failures = 0, []
    for name in vault.stores.names:
        try:
            deleted += await _sweep_store(vault, connection, name)
        except StoreError as failure:
            failures.append(failure)
    if failures:
        raise failures[0]
    return deleted


async def _sweep_store(vault: Vault, connection: asyncpg.Connection, name: str) -> int:
    store = await vault.stores.named(name)
    owner = owner_of(str(KeyDirectory(vault.settings.keys).secret(KeyFile.SUBJECTS).name.id), name)
    mark = await Pair(connection, store, vault.recorder, owner, name).renew()
    return 0 if mark is None else await _Orphans(vault, connection, name, store, mark).delete()


async def try_root_key(vault: Vault) -> None:
    """Return if the root key opens a firm key that is here, or there is none yet (raises UnwrapError)."""
    async with sweeper_connection(vault) as connection:
        row = await connection.fetchrow(SOME_FIRM_KEY)
    if row is not None:
        await vault.keychain.try_firm_key(WrappedFirmKey(*row))


def sweeper_connection(vault: Vault) -> AbstractAsyncContextManager[asyncpg.Connection]:
    """A connection for one round; ending it frees the lock, whatever happened."""
    return connected(vault.settings, Role.SWEEPER)


async def _close_uploads(vault: Vault, connection: asyncpg.Connection, statement: str, reason: str) -> int:
    """Close a batch of uploads after the other, each batch with its evidence in one transaction."""
    closed = 0
    while True:
        async with connection.transaction():
            rows = await connection.fetch(statement, vault.recorder.clock(), _BATCH)
            await connection.executemany(
                FORGET_SEGMENTS, [(row["tenant_id"], row["version_id"]) for row in rows if _forgotten(row)]
            )
            for row in rows:
                await _record(vault, connection, row, reason)
        closed += len(rows)
        if len(rows) < _BATCH:
            return closed


async def _forget_released(vault: Vault, connection: asyncpg.Connection) -> None:
    """Forget a batch of what was kept for a hold alone."""
    async with connection.transaction():
        rows = await connection.fetch(RELEASED, list(UNWANTED), _BATCH)
        await connection.executemany(FORGET_SEGMENTS, [(row["tenant_id"], row["version_id"]) for row in rows])
        for row in rows:
            change: dict[str, object] = {"upload": str(row["id"])}
            draft = Draft("upload.forgotten", "info", row["reason"], _subject(row), change)
            await vault.recorder.append(connection, row["tenant_id"], draft, None)


def _forgotten(row: asyncpg.Record) -> bool:
    """Whether what came of it is of no use: it is given up, or will begin anew."""
    return bool(row["state"] == "abandoned" or row["kind"] == "plain")


async def _record(vault: Vault, connection: asyncpg.Connection, row: asyncpg.Record, reason: str) -> None:
    draft = Draft("document.received", "failed", reason, _subject(row), {"upload": str(row["id"])})
    await vault.recorder.append(connection, row["tenant_id"], draft, None)


def _subject(row: asyncpg.Record) -> Subject:
    return Subject("document", row["document_id"], row["matter_id"], row["document_id"], row["version_id"])


@dataclass(frozen=True, slots=True)
class _Orphans:
    """The objects of one store that no row names, while database and store have one mark."""

    vault: Vault
    connection: asyncpg.Connection
    name: str
    store: ObjectStore
    mark: str

    async def delete(self) -> int:
        oldest_kept = self.vault.recorder.clock() - timedelta(
            seconds=self.vault.settings.orphan_grace_seconds
        )
        deleted = 0
        batch: list[str] = []
        async for stored in self.store.list():
            if stored.modified_at < oldest_kept:
                batch.append(stored.key)
            if len(batch) == _BATCH:
                deleted += await self._delete_unknown(batch)
                batch = []
        return deleted + await self._delete_unknown(batch)

    async def _delete_unknown(self, keys: Sequence[str]) -> int:
        addresses = {address_of(self.name, key): key for key in keys}
        known = {row["object_key"] for row in await self.connection.fetch(KNOWN_OBJECTS, list(addresses))}
        orphans = [key for address, key in addresses.items() if address not in known]
        if orphans and await self.store.mark() != self.mark:
            return 0  # another database has taken the store over meanwhile
        for key in orphans:
            await self.store.delete(key)
        return len(orphans)
