"""Opening: rows must be exactly the pinned segments, and objects exactly what was stored."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from services.docs_api.conditions import ByteRange
from services.docs_api.sealing.context import SegmentContext
from services.docs_api.sealing.segments import SealError, seal_segment
from services.docs_api.transfers.errors import IntegrityFailure
from services.docs_api.transfers.opening import Pieces, SealedVersion, require_cover, require_whole
from services.keys.wrapping import new_key
from services.storage.protocol import Bytes, ObjectMissingError, StoredObject

SOMEWHERE = UUID("0192f0c1-0000-7000-8000-000000000001")
PLACE = SegmentContext(SOMEWHERE, SOMEWHERE, SOMEWHERE, SOMEWHERE, 0, 0)
KEY = new_key()


def _row(ordinal: int, offset: int, length: int, **more: object) -> dict[str, Any]:
    return {"ordinal": ordinal, "offset_bytes": offset, "length_bytes": length, **more}


WHOLE = [_row(0, 0, 8), _row(1, 8, 3)]


def test_the_pinned_segments_are_whole() -> None:
    require_whole(WHOLE, 2, 11)
    require_whole([_row(0, 0, 0)], 1, 0)


@pytest.mark.parametrize(
    ("rows", "count", "length"),
    [
        (WHOLE[:1], 2, 11),
        (WHOLE[1:], 2, 11),
        (WHOLE, 1, 11),
        (WHOLE, 2, 12),
        (WHOLE[::-1], 2, 11),
        ([*WHOLE, _row(2, 11, 0)], 2, 11),
        ([_row(0, 0, 8), _row(1, 9, 3)], 2, 11),
        ([_row(0, 0, 8), _row(2, 8, 3)], 2, 11),
        ([], 0, 1),
    ],
)
def test_anything_else_is_an_integrity_failure(rows: list[dict[str, Any]], count: int, length: int) -> None:
    with pytest.raises(IntegrityFailure):
        require_whole(rows, count, length)


class _Store:
    """Objects in memory, which a test can swap or damage."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects

    async def put(self, key: str, data: Bytes) -> None:
        raise NotImplementedError

    async def get(self, key: str) -> bytes:
        if key not in self.objects:
            raise ObjectMissingError
        return self.objects[key]

    async def size(self, key: str) -> int:
        raise NotImplementedError

    async def delete(self, key: str) -> None:
        raise NotImplementedError

    def list(self) -> AsyncIterator[StoredObject]:
        raise NotImplementedError

    async def check(self) -> None:
        raise NotImplementedError

    async def mark(self) -> str | None:
        raise NotImplementedError

    async def set_mark(self, mark: str) -> None:
        raise NotImplementedError

    async def claim(self, owner: str) -> None:
        raise NotImplementedError


@pytest.fixture
def version() -> SealedVersion:
    first = seal_segment(KEY, PLACE, b"one and ")
    second = seal_segment(KEY, replace(PLACE, ordinal=1, offset=8), b"two of 8")
    rows = [
        _row(0, 0, 8, object_key="a", sealed_bytes=len(first), salt=None),
        _row(1, 8, 8, object_key="b", sealed_bytes=len(second), salt=None),
    ]
    return SealedVersion(_Store({"a": first, "b": second}), KEY, PLACE, rows, asyncio.Semaphore(1))


def _objects(version: SealedVersion) -> dict[str, bytes]:
    assert isinstance(version.store, _Store)
    return version.store.objects


async def test_a_sound_version_opens(version: SealedVersion) -> None:
    assert await version.plaintext(0) + await version.plaintext(1) == b"one and two of 8"


async def test_swapped_objects_do_not_open(version: SealedVersion) -> None:
    objects = _objects(version)
    objects["a"], objects["b"] = objects["b"], objects["a"]
    with pytest.raises(SealError):
        await version.plaintext(0)


async def test_a_flipped_bit_does_not_open(version: SealedVersion) -> None:
    damaged = bytearray(_objects(version)["b"])
    damaged[len(damaged) // 2] ^= 1
    _objects(version)["b"] = bytes(damaged)
    with pytest.raises(SealError):
        await version.plaintext(1)


@pytest.mark.parametrize("damage", [lambda sealed: sealed[:-1], lambda sealed: sealed + b"\0"])
async def test_another_length_does_not_open(version: SealedVersion, damage: Any) -> None:
    _objects(version)["a"] = damage(_objects(version)["a"])
    with pytest.raises(IntegrityFailure):
        await version.plaintext(0)


async def test_a_missing_object_is_said_to_be_missing(version: SealedVersion) -> None:
    del _objects(version)["b"]
    with pytest.raises(ObjectMissingError):
        await version.plaintext(1)


@pytest.mark.parametrize(("start", "stop"), [(0, 1), (0, 8), (7, 9), (8, 9), (10, 11), (0, 11), (3, 11)])
async def test_a_part_is_cut_from_the_segments_it_touches_alone(
    version: SealedVersion, start: int, stop: int
) -> None:
    whole = b"".join([await version.plaintext(ordinal) for ordinal in range(2)])
    stop = min(stop, len(whole))
    pieces = Pieces(version, ByteRange(start, stop, len(whole)))
    found = [bytes(pieces.cut(ordinal, await pieces.plaintext(ordinal))) for ordinal in pieces.ordinals]
    assert b"".join(found) == whole[start:stop]
    assert all(found)


def test_all_of_it_is_every_segment(version: SealedVersion) -> None:
    pieces = Pieces(version, None)
    assert pieces.ordinals == range(2)
    assert bytes(pieces.cut(1, b"tail")) == b"tail"


async def test_of_two_objects_sealed_for_one_place_only_the_pinned_one_opens(version: SealedVersion) -> None:
    pinned, other = (seal_segment(KEY, PLACE, b"the same") for _ in range(2))
    row = _row(0, 0, 8, object_key="a", sealed_bytes=len(pinned), salt=pinned[:24])
    for stored, opens in ((pinned, True), (other, False)):
        found = replace(version, store=_Store({"a": stored}), segments=[row])
        if opens:
            assert await found.plaintext(0) == b"the same"
        else:
            with pytest.raises(IntegrityFailure):
                await found.plaintext(0)


COVERS = [
    ([_row(0, 0, 8), _row(1, 8, 8)], 0, 16),
    ([_row(1, 8, 8)], 8, 16),
    ([_row(1, 8, 8)], 9, 10),
    ([_row(4, 40, 8), _row(5, 48, 2)], 41, 50),
]


@pytest.mark.parametrize(("rows", "start", "stop"), COVERS)
def test_rows_that_follow_each_other_cover_a_part(rows: list[Any], start: int, stop: int) -> None:
    require_cover(rows, ByteRange(start, stop, 100))


@pytest.mark.parametrize(
    ("rows", "start", "stop"),
    [
        ([], 0, 1),
        ([_row(1, 8, 8)], 7, 9),
        ([_row(1, 8, 8)], 8, 17),
        ([_row(0, 0, 8), _row(2, 16, 8)], 0, 24),
        ([_row(0, 0, 8), _row(2, 8, 8)], 0, 16),
        ([_row(0, 0, 8), _row(1, 9, 8)], 0, 17),
    ],
)
def test_a_part_with_a_gap_is_not_covered(rows: list[Any], start: int, stop: int) -> None:
    with pytest.raises(IntegrityFailure):
        require_cover(rows, ByteRange(start, stop, 100))


async def test_of_a_long_version_the_rows_of_a_part_are_enough(version: SealedVersion) -> None:
    pieces = Pieces(replace(version, segments=version.segments[1:]), ByteRange(9, 12, 16))
    assert pieces.ordinals == range(1, 2)
    assert bytes(pieces.cut(1, await pieces.plaintext(1))) == b"wo "
