"""Exporting a bundle: wait until the log covers the request, pack, record, and only then hand over.

The event `log.exported` names the bundle's own digest. It comes after everything in the bundle.
"""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import IO, TypeVar
from uuid import UUID

from services.audit.log import queries
from services.audit.log.bundle import BundleSource
from services.audit.log.policy import own_log
from services.audit.log.queries import SignedHead
from services.audit.log.schemas import LogFilter
from services.evidence.act import check_session
from services.evidence.event import Draft, Event
from services.evidence.recorder import Recorder
from services.evidence.subjects import SubjectKeys
from services.kernel.database import Database, driver_connection
from services.kernel.principal import Admission, Principal
from services.kernel.problems import TooManyRequests, Unauthorized, Unavailable

POLL_SECONDS = 0.1
SLACK_SECONDS = 8.0
"""How long beyond one checkpoint interval a request waits for its checkpoint."""

RETRY_AFTER_SECONDS = 10
PACKING_WAIT_SECONDS = 5.0
"""How long a request waits for one of the few places to pack in."""

_AT_ONCE = 2  # packing takes a core and a database connection each
_IN_MEMORY_BYTES = 4 * 1024 * 1024
_PIECE_BYTES = 256 * 1024

T = TypeVar("T")


class NoRoomToPack(Unavailable):
    slug = "no-room-to-pack"
    title = "There is no room to pack the bundle in; nothing was exported"


@dataclass(frozen=True, slots=True)
class PackedBundle:
    """A bundle that may be handed over. `pieces` closes and so deletes the file behind it."""

    event: Event
    name: str
    length_bytes: int
    file: IO[bytes]

    async def pieces(self) -> AsyncIterator[bytes]:
        with self.file:
            while piece := await asyncio.to_thread(self.file.read, _PIECE_BYTES):
                yield piece


@dataclass(frozen=True, slots=True)
class Exporter:
    """Makes bundles, a few at once. `log_public_key`: 32 bytes."""

    database: Database
    recorder: Recorder
    subjects: SubjectKeys
    log_public_key: bytes
    wait_seconds: float
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))
    exporting: set[UUID] = field(default_factory=set)
    """Whose logs are being exported here: one at a time each, so that nobody keeps others from theirs."""

    async def export(self, admission: Admission, wanted: LogFilter) -> PackedBundle:
        """A bundle that covers every event committed before now.

        Raises:
            Forbidden: it is not the principal's own log.
            SessionEnded: the session ended before the bundle was ready.
            TooManyRequests: another bundle of this log is on its way, or too many others are being packed.
            Unavailable: no checkpoint covered the request in time, or there is no room to pack in.
        """
        if admission.principal is None:
            raise Unauthorized
        tenant = own_log(admission.principal)
        with self._only_one_of(tenant), _room_to_pack(), ExitStack() as stack:
            head = await self._covering_head(admission.principal, tenant)
            source = BundleSource(self.database, self.subjects, self.log_public_key, tenant, head, wanted)
            # Without a name, so that it goes when it is closed, by whatever end.
            file = stack.enter_context(tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES))
            async with self._slot():
                bundle = await self._packed(source, file, admission)
            stack.pop_all()
        return bundle

    @contextmanager
    def _only_one_of(self, tenant: UUID) -> Iterator[None]:
        if tenant in self.exporting:
            raise TooManyRequests(RETRY_AFTER_SECONDS)
        self.exporting.add(tenant)
        try:
            yield
        finally:
            self.exporting.discard(tenant)

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        try:
            await asyncio.wait_for(self.slots.acquire(), PACKING_WAIT_SECONDS)
        except TimeoutError as exc:
            raise TooManyRequests(RETRY_AFTER_SECONDS) from exc
        try:
            yield
        finally:
            self.slots.release()

    async def _packed(self, source: BundleSource, file: IO[bytes], admission: Admission) -> PackedBundle:
        events = await source.pack(file, self.recorder.clock())
        length, digest = await asyncio.to_thread(_measured, file)
        draft = Draft(
            "log.exported",
            change={**source.wanted.texts(), "size": source.head.size, "events": events},
            content={"sha256": digest, "len": length},
        )
        assert admission.principal is not None
        async with self.database.transaction([source.tenant]) as session:
            await check_session(session, admission.principal, self.recorder.clock())
            connection = await driver_connection(session)
            event = await self.recorder.append(connection, source.tenant, draft, admission)
        name = f"redwell-log-{source.tenant}-{source.head.size}.zip"
        return PackedBundle(event, name, length, file)

    async def _covering_head(self, principal: Principal, tenant: UUID) -> SignedHead:
        """A checkpoint over every event committed by now. No transaction is open while it waits."""
        async with self.database.transaction([tenant]) as session:
            await check_session(session, principal, self.recorder.clock())
            stamp = await queries.last_queued_stamp(session, tenant)

        async def size_without_queue() -> int | None:
            async with self.database.transaction([tenant]) as session:
                if stamp is not None and await queries.is_queued_until(session, tenant, stamp):
                    return None
                return await queries.tree_size(session, tenant)

        async def signed_head() -> SignedHead | None:
            async with self.database.transaction([tenant]) as session:
                return await queries.last_checkpoint(session, tenant, size)

        deadline = asyncio.get_running_loop().time() + self.wait_seconds
        size = await _eventually(size_without_queue, deadline)
        return await _eventually(signed_head, deadline)


@contextmanager
def _room_to_pack() -> Iterator[None]:
    """A bundle lies in a temporary file of the system until it is handed over."""
    try:
        yield
    except OSError as exc:
        raise NoRoomToPack from exc


async def _eventually(probe: Callable[[], Awaitable[T | None]], deadline: float) -> T:
    """What `probe` finds, asked again until `deadline` (of the loop's clock).

    Raises:
        Unavailable: it found nothing in time.
    """
    while (found := await probe()) is None:
        if asyncio.get_running_loop().time() > deadline:
            raise Unavailable("The log is not signed up to this request yet; try again.")
        await asyncio.sleep(POLL_SECONDS)
    return found


def _measured(file: IO[bytes]) -> tuple[int, str]:
    """Length and SHA-256 (hex) of the whole file, which is then at its start again."""
    file.seek(0)
    digest = hashlib.sha256()
    while piece := file.read(_PIECE_BYTES):
        digest.update(piece)
    length = file.tell()
    file.seek(0)
    return length, digest.hexdigest()
