"""Plaintext in, sealed segments out, in bounded memory.

Bytes are gathered to a MiB, then hashed and sealed in a thread while the next are gathered. A full segment
is stored while the next one is sealed: two buffers of one segment each, used in turn, and never more.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from services.docs_api.sealing.segments import SegmentSealer, new_buffer
from services.docs_api.transfers.watch import end_all

PIECE_BYTES = 1024 * 1024  # less to a thread costs more than it gains
INLINE_BYTES = 128 * 1024
_BUFFERS = 2


@dataclass(frozen=True, slots=True)
class SealedSegment:
    """One segment. `sealed` is a view that is good until the keeper has returned."""

    ordinal: int
    offset_bytes: int
    length_bytes: int
    sealed: memoryview
    sealed_sha256: bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """What came in, all of it kept."""

    length_bytes: int
    sha256: bytes
    segment_count: int


@dataclass(frozen=True, slots=True)
class Start:
    """Where the first segment begins. `may_be_empty`: without any content there is one empty segment."""

    ordinal: int = 0
    offset_bytes: int = 0
    may_be_empty: bool = True


FROM_THE_START = Start()
OpenSealer = Callable[[int, int, bytearray], SegmentSealer]
"""Makes the sealer of a segment from its ordinal, its offset and a buffer."""
Keep = Callable[[SealedSegment], Awaitable[None]]
"""Makes a segment durable; called for one segment at a time, in order."""


class Intake:
    """Takes a version's plaintext, or a further part.

    Call `take` for each chunk, then `finish`; in any case `close`.
    """

    def __init__(self, open_sealer: OpenSealer, keep: Keep, start: Start = FROM_THE_START) -> None:
        self._open_sealer, self._keep = open_sealer, keep
        self._digest = hashlib.sha256()
        self._pieces: list[bytes] = []
        self._held_bytes = 0
        self._offset_bytes = start.offset_bytes
        self._ordinal = start.ordinal
        self._start = start
        self._sealer: SegmentSealer | None = None
        self._buffers: list[bytearray] = []
        self._sealing: asyncio.Future[None] | None = None
        self._keeping: asyncio.Future[None] | None = None
        self._broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def take(self, chunk: bytes) -> None:
        """The next bytes. Returns late when sealing or storing is behind, so that the client feels it."""
        self._pieces.append(chunk)
        self._held_bytes += len(chunk)
        if self._held_bytes >= PIECE_BYTES:
            await self._hand_over()

    async def finish(self) -> Taken:
        """Seal and keep the rest. What it tells is of this part, but for the number of segments."""
        await self._hand_over()
        await _settled(self._sealing)
        if self._sealer is not None or self._is_empty_version():
            await self._end_segment(self._sealer or self._begin_segment())
        await _settled(self._keeping)
        return Taken(self._offset_bytes - self._start.offset_bytes, self._digest.digest(), self._ordinal)

    def _is_empty_version(self) -> bool:
        return self._start.may_be_empty and self._ordinal == 0

    async def settle(self) -> None:
        """Wait for the full segments that are on their way; the beginning of the next is forgotten."""
        await _settled(self._sealing)
        await _settled(self._keeping)

    async def close(self) -> None:
        await end_all([task for task in (self._sealing, self._keeping) if task is not None])

    async def breakdown(self) -> None:
        """Never returns; raises what keeps a segment from being kept, also while nothing more comes."""
        await self._broken

    def _look(self, keeping: asyncio.Future[None]) -> None:
        error = None if keeping.cancelled() else keeping.exception()
        if error is not None and not self._broken.done():
            self._broken.set_exception(error)
            self._broken.exception()  # whoever takes bytes meets it as well, and may be the only one

    async def _hand_over(self) -> None:
        piece = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        self._held_bytes = 0
        await _settled(self._sealing)
        self._sealing = asyncio.ensure_future(self._absorb(memoryview(piece)))

    async def _absorb(self, rest: memoryview) -> None:
        while rest:
            sealer = self._sealer = self._sealer or self._begin_segment()
            part, rest = rest[: sealer.room_bytes], rest[sealer.room_bytes :]
            await in_thread(len(part), self._seal, sealer, part)
            if not sealer.room_bytes:
                await self._end_segment(sealer)

    def _seal(self, sealer: SegmentSealer, part: memoryview) -> None:
        self._digest.update(part)
        sealer.update(part)

    def _begin_segment(self) -> SegmentSealer:
        if len(self._buffers) < _BUFFERS:
            self._buffers.append(new_buffer())
        buffer = self._buffers[(self._ordinal - self._start.ordinal) % _BUFFERS]
        return self._open_sealer(self._ordinal, self._offset_bytes, buffer)

    async def _end_segment(self, sealer: SegmentSealer) -> None:
        sealed = sealer.finalize()
        segment = SealedSegment(
            self._ordinal, self._offset_bytes, sealer.plaintext_bytes, sealed, sealer.sealed_sha256
        )
        # The segment before must be kept before the next one is sealed into its buffer.
        await _settled(self._keeping)
        self._keeping = asyncio.ensure_future(self._keep(segment))
        self._keeping.add_done_callback(self._look)
        self._offset_bytes += segment.length_bytes
        self._ordinal += 1
        self._sealer = None


async def in_thread(size_bytes: int, work: Callable[..., Any], *arguments: Any) -> Any:  # noqa: ANN401
    """Run `work` in a thread, or in line where a thread would cost more than the work."""
    if size_bytes <= INLINE_BYTES:
        return work(*arguments)
    return await asyncio.to_thread(work, *arguments)


async def _settled(task: asyncio.Future[None] | None) -> None:
    if task is not None:
        await task
