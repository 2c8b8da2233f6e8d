"""Plaintext in, sealed segments out: edges of segments and pieces, one keeper at a time, failures."""

import asyncio
import hashlib
from uuid import UUID

import pytest

from services.docs_api.sealing.context import SegmentContext
from services.docs_api.sealing.segments import SEGMENT_BYTES, SegmentSealer, open_segment
from services.docs_api.transfers.intake import PIECE_BYTES, Intake, SealedSegment
from services.keys.wrapping import new_key

KEY = new_key()
SOMEWHERE = UUID("0192f0c1-0000-7000-8000-000000000001")


def _context(ordinal: int, offset: int) -> SegmentContext:
    return SegmentContext(SOMEWHERE, SOMEWHERE, SOMEWHERE, SOMEWHERE, ordinal, offset)


def _sealer(ordinal: int, offset: int, buffer: bytearray) -> SegmentSealer:
    return SegmentSealer(KEY, _context(ordinal, offset), buffer)


class _Shelf:
    """Keeps segments as a store would: it copies them, and is never asked for two at once."""

    def __init__(self) -> None:
        self.kept: list[tuple[int, int, bytes]] = []
        self.busy = False

    async def keep(self, segment: SealedSegment) -> None:
        assert not self.busy
        self.busy = True
        await asyncio.sleep(0)
        self.kept.append((segment.ordinal, segment.offset_bytes, bytes(segment.sealed)))
        self.busy = False

    def opened(self) -> bytes:
        return b"".join(
            open_segment(KEY, _context(ordinal, offset), sealed) for ordinal, offset, sealed in self.kept
        )


def _content(length: int) -> bytes:
    return hashlib.shake_128(length.to_bytes(8)).digest(length)


@pytest.mark.parametrize("step", [1 << 18, PIECE_BYTES, SEGMENT_BYTES + 1])
@pytest.mark.parametrize(
    "length",
    [
        0,
        1,
        PIECE_BYTES - 1,
        PIECE_BYTES,
        SEGMENT_BYTES - 1,
        SEGMENT_BYTES,
        SEGMENT_BYTES + 1,
        2 * SEGMENT_BYTES,
        2 * SEGMENT_BYTES + PIECE_BYTES + 7,
    ],
)
async def test_whatever_comes_in_is_sealed_and_counted(length: int, step: int) -> None:
    content, shelf = _content(length), _Shelf()
    intake = Intake(_sealer, shelf.keep)
    for start in range(0, length, step):
        await intake.take(content[start : start + step])
    taken = await intake.finish()
    await intake.close()
    assert taken.length_bytes == length
    assert taken.sha256 == hashlib.sha256(content).digest()
    assert taken.segment_count == len(shelf.kept) == max(1, -(-length // SEGMENT_BYTES))
    assert [ordinal for ordinal, _, _ in shelf.kept] == list(range(len(shelf.kept)))
    assert shelf.opened() == content


async def test_a_keeper_that_fails_ends_the_intake() -> None:
    async def refuse(_: SealedSegment) -> None:
        raise ConnectionError

    intake = Intake(_sealer, refuse)
    await intake.take(_content(SEGMENT_BYTES))
    with pytest.raises(ConnectionError):
        await intake.finish()
    await intake.close()


async def test_closing_early_leaves_nothing_running() -> None:
    waiting = asyncio.Event()

    async def stall(_: SealedSegment) -> None:
        waiting.set()
        await asyncio.Event().wait()

    intake = Intake(_sealer, stall)
    await intake.take(_content(SEGMENT_BYTES))
    await waiting.wait()
    await intake.close()
    assert len(asyncio.all_tasks()) == 1
