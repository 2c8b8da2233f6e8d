"""Whether database and store still belong together, asked before anything is deleted.

A database that was put back from a backup does not know the objects that came after it, and would take them
for orphans. So both carry one mark, new with every round of the sweep: one that was put back has an old one.
The database has its place in its cluster beside it, which a restored dump has not.

A new mark is written to the database as pending, then to the store, then to the database as current. Killed
between two of them, the store has the current or the pending one; the next round goes on from there with the
same pending mark, so that a write to the store that comes late does no harm.
"""

from dataclasses import dataclass
from typing import Final
from uuid import uuid4

import asyncpg

from services.evidence.event import Draft, Subject
from services.evidence.recorder import Recorder
from services.kernel.ids import PLATFORM
from services.kernel.logs import logger
from services.kernel.store_settings import DEFAULT_STORE
from services.storage.protocol import ObjectStore, StoreUnfitError

SENTENCE: Final = (
    "Database and store were not last seen together, so no object without a row is deleted. "
    "If one of them was restored and both are to stay so, say ./redwell restored."
)
_PLACE = """
SELECT system_identifier || '/' || (SELECT oid FROM pg_database WHERE datname = current_database())
FROM pg_control_system()
"""
_PLACE_ALONE = "SELECT oid::text FROM pg_database WHERE datname = current_database()"
"""Where the server keeps the cluster's own name from us."""

_BEGIN = """
INSERT INTO store_marks (tenant_id, name, place) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
"""
_READ = "SELECT current_mark, pending_mark, place FROM store_marks WHERE tenant_id = $1 AND name = $2"
_PEND = """
UPDATE store_marks SET pending_mark = coalesce(pending_mark, $3) WHERE tenant_id = $1 AND name = $2
RETURNING pending_mark
"""
_SETTLE = """
UPDATE store_marks SET current_mark = pending_mark, pending_mark = NULL, suspended_at = NULL
WHERE tenant_id = $1 AND name = $2 AND pending_mark IS NOT NULL
"""
_SUSPEND = """
UPDATE store_marks SET suspended_at = $3 WHERE tenant_id = $1 AND name = $2 AND suspended_at IS NULL
RETURNING true
"""
_CONFIRM = """
UPDATE store_marks SET current_mark = NULL, pending_mark = $3, place = $4 WHERE tenant_id = $1 AND name = $2
"""
_log = logger("docs")


@dataclass(frozen=True, slots=True)
class Pair:
    """A database, through the sweeper's connection and under its lock, and a store. `owner`: of the store."""

    connection: asyncpg.Connection
    store: ObjectStore
    recorder: Recorder
    owner: str
    name: str = DEFAULT_STORE

    async def renew(self) -> str | None:
        """A new mark for both; None where they do not belong together, which is told once and kept."""
        reason = await self.differ()
        if reason is not None:
            await self._suspend(reason)
            return None
        if await self.store.mark() == await self._pending():
            await self.connection.execute(_SETTLE, PLATFORM, self.name)
        return await self._write()

    async def differ(self) -> str | None:
        """Why they do not belong together, as a slug; None if they do."""
        place = await self._place()
        await self.connection.execute(_BEGIN, PLATFORM, self.name, place)
        try:
            await self.store.claim(self.owner)
        except StoreUnfitError:
            return "store-of-another"
        known = await self.connection.fetchrow(_READ, PLATFORM, self.name)
        if known["place"] != place:
            return "database-moved"
        found = await self.store.mark()
        if found == known["current_mark"] or (found is not None and found == known["pending_mark"]):
            return None
        return "marks-differ"

    async def confirm(self) -> None:
        """They belong together from now on: somebody who knows has said so.

        Raises:
            StoreUnfitError: the store is another deployment's.
        """
        await self.store.claim(self.owner)
        place = await self._place()
        async with self.connection.transaction():
            await self.connection.execute(_BEGIN, PLATFORM, self.name, place)
            await self.connection.execute(_CONFIRM, PLATFORM, self.name, str(uuid4()), place)
            draft = Draft(
                "store.restored",
                "info",
                subject=Subject("organization", PLATFORM),
                change={"store": self.name},
            )
            await self.recorder.append(self.connection, PLATFORM, draft, None)
        await self._write()

    async def _place(self) -> str:
        try:
            return str(await self.connection.fetchval(_PLACE))
        except asyncpg.InsufficientPrivilegeError:
            return str(await self.connection.fetchval(_PLACE_ALONE))

    async def _pending(self) -> str | None:
        known = await self.connection.fetchrow(_READ, PLATFORM, self.name)
        return None if known["pending_mark"] is None else str(known["pending_mark"])

    async def _write(self) -> str:
        mark = str(await self.connection.fetchval(_PEND, PLATFORM, self.name, str(uuid4())))
        await self.store.set_mark(mark)
        await self.connection.execute(_SETTLE, PLATFORM, self.name)
        return mark

    async def _suspend(self, reason: str) -> None:
        _log.error("the sweep is suspended", store=self.name, reason=reason, sentence=SENTENCE)
        now = self.recorder.clock()
        async with self.connection.transaction():
            if await self.connection.fetchval(_SUSPEND, PLATFORM, self.name, now):
                subject = Subject("organization", PLATFORM)
                draft = Draft("store.sweep.suspended", "failed", reason, subject, {"store": self.name})
                await self.recorder.append(self.connection, PLATFORM, draft, None)
