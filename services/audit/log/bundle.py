"""Packs a bundle (docs/ledger-format.md): three passes over the leaves, in bounded memory.

Leaves are read by ranges of their index, each in a short transaction of its own: leaves, checkpoints and
events never change, so the passes agree. Packing happens in a thread.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import IO
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.audit.log import queries
from services.audit.log.personal import PersonalData
from services.audit.log.queries import EventRow, SignedHead
from services.audit.log.schemas import LogFilter
from services.audit.offline.disclosure import build_disclosed, build_erased
from services.audit.offline.manifest import Manifest
from services.audit.offline.note import VerifierKey
from services.audit.offline.packing import BundleWriter
from services.evidence.subjects import SubjectKeys
from services.kernel.clock import timestamp
from services.kernel.database import Database

LEAVES_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class BundleSource:
    """What a bundle is made from. `log_public_key`: 32 bytes."""

    database: Database
    subjects: SubjectKeys
    log_public_key: bytes
    tenant: UUID
    head: SignedHead
    wanted: LogFilter

    async def pack(self, target: IO[bytes], now: datetime) -> int:
        """Write the bundle into `target`; returns how many events it holds.

        Raises:
            Unavailable: Postgres went away on the way.
            KeysError: personal data that is stored was altered.
        """
        writer = BundleWriter(target)
        try:
            return await self._fill(writer, now)
        except BaseException:
            writer.abandon()
            raise

    async def _fill(self, writer: BundleWriter, now: datetime) -> int:
        await _write(writer, "leaves.ndjson", self._pages(self._leaves))
        events = await _write(writer, "events.ndjson", self._pages(self._events))
        await _write(writer, "disclosed.ndjson", self._pages(self._disclosed))
        manifest = Manifest(
            self.head.origin, str(self.tenant), self.head.size, timestamp(now), self.wanted.texts()
        )
        key = VerifierKey(self.head.origin, self.log_public_key)
        await asyncio.to_thread(writer.finish, manifest, self.head.note, key)
        return events

    async def _pages(
        self, read: Callable[[AsyncSession, range], Awaitable[Iterable[bytes]]]
    ) -> AsyncIterator[Iterable[bytes]]:
        for start in range(0, self.head.size, LEAVES_AT_ONCE):
            leaves = range(start, min(start + LEAVES_AT_ONCE, self.head.size))
            async with self.database.transaction([self.tenant]) as session:
                lines = await read(session, leaves)
            yield lines

    async def _leaves(self, session: AsyncSession, leaves: range) -> Iterable[bytes]:
        return await queries.leaf_bodies(session, self.tenant, leaves)

    async def _events(self, session: AsyncSession, leaves: range) -> Iterable[bytes]:
        rows = await queries.events_of_leaves(session, self.tenant, self.wanted, leaves)
        return [row.body for row in rows]

    async def _disclosed(self, session: AsyncSession, leaves: range) -> Iterable[bytes]:
        rows = await queries.events_of_leaves(session, self.tenant, self.wanted, leaves)
        sealed = await queries.sealed_data(session, self.tenant, (row.id for row in rows))
        personal = PersonalData(self.subjects, self.tenant, sealed)
        return (line for row in rows for line in _disclosed_lines(personal, row))


async def _write(writer: BundleWriter, name: str, pages: AsyncIterator[Iterable[bytes]]) -> int:
    count = 0
    with writer.lines(name) as append:
        async for page in pages:
            count += await asyncio.to_thread(_append_all, append, page)
    return count


def _append_all(append: Callable[[bytes], None], lines: Iterable[bytes]) -> int:
    count = 0
    for line in lines:
        append(line)
        count += 1
    return count


def _disclosed_lines(personal: PersonalData, row: EventRow) -> Iterable[bytes]:
    for name, disclosed in personal.of(row.id, json.loads(row.body)).items():
        if disclosed is None:
            yield build_erased(str(row.id), name)
        else:
            yield build_disclosed(str(row.id), name, disclosed.value, disclosed.salt)
