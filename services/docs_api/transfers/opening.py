"""From rows and sealed objects back to plaintext, a segment at a time: all of it genuine, or nothing."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from services.docs_api.conditions import ByteRange
from services.docs_api.sealing.context import SegmentContext
from services.docs_api.sealing.segments import SALT_BYTES, open_segment
from services.docs_api.transfers.errors import IntegrityFailure
from services.docs_api.transfers.intake import in_thread
from services.keys.wrapping import SecretKey
from services.storage.protocol import Objects

SegmentRow = Mapping[str, Any]


def require_whole(segments: Sequence[SegmentRow], count: int, length_bytes: int) -> None:
    """Return if the rows are exactly the pinned segments of a version, one after the other.

    Raises:
        IntegrityFailure: one is missing, or there is one too many.
    """
    offset = 0
    for ordinal, row in enumerate(segments):
        if (row["ordinal"], row["offset_bytes"]) != (ordinal, offset):
            raise IntegrityFailure
        offset += row["length_bytes"]
    if len(segments) != count or offset != length_bytes:
        raise IntegrityFailure


def require_cover(segments: Sequence[SegmentRow], part: ByteRange) -> None:
    """Return if the rows are segments one after the other that hold all of `part`.

    Raises:
        IntegrityFailure: one is missing.
    """
    if not segments or segments[0]["offset_bytes"] > part.start or _end(segments[-1]) < part.stop:
        raise IntegrityFailure
    for row, following in pairwise(segments):
        if (following["ordinal"], following["offset_bytes"]) != (row["ordinal"] + 1, _end(row)):
            raise IntegrityFailure


def _end(row: SegmentRow) -> int:
    """The offset after a segment's last byte."""
    end: int = row["offset_bytes"] + row["length_bytes"]
    return end


@dataclass(frozen=True, slots=True)
class SealedVersion:
    """A version's segments, all or some that follow each other, and what opens them.

    `place` is the context of its first segment.
    """

    store: Objects
    data_key: SecretKey
    place: SegmentContext
    segments: Sequence[SegmentRow]
    gate: asyncio.Semaphore

    async def plaintext(self, ordinal: int) -> bytes:
        """The whole plaintext of one segment.

        Raises:
            SealError, IntegrityFailure, ObjectMissingError: it is not what was stored.
            StoreError: the store did not answer.
        """
        async with self.gate:
            return await self._open(ordinal)

    def row(self, ordinal: int) -> SegmentRow:
        first: int = self.segments[0]["ordinal"]
        return self.segments[ordinal - first]

    async def _open(self, ordinal: int) -> bytes:
        row = self.row(ordinal)
        sealed = await self.store.get(row["object_key"])
        if len(sealed) != row["sealed_bytes"]:
            raise IntegrityFailure
        # What an interrupted request left was sealed for the same place, but never with the same salt.
        if row["salt"] is not None and sealed[:SALT_BYTES] != row["salt"]:
            raise IntegrityFailure
        context = replace(self.place, ordinal=ordinal, offset=row["offset_bytes"])
        opened: bytes = await in_thread(len(sealed), open_segment, self.data_key, context, sealed)
        if len(opened) != row["length_bytes"]:
            raise IntegrityFailure
        return opened


@dataclass(frozen=True, slots=True)
class Pieces:
    """The segments of a version that hold `part` (None: all of it), and what of each belongs to it."""

    version: SealedVersion
    part: ByteRange | None

    @property
    def ordinals(self) -> range:
        if self.part is None:
            return range(len(self.version.segments))
        touched = [
            row["ordinal"]
            for row in self.version.segments
            if row["offset_bytes"] < self.part.stop
            and row["offset_bytes"] + row["length_bytes"] > self.part.start
        ]
        return range(touched[0], touched[-1] + 1)

    async def plaintext(self, ordinal: int) -> bytes:
        """The whole plaintext of one segment (raises as `SealedVersion.plaintext`)."""
        return await self.version.plaintext(ordinal)

    def cut(self, ordinal: int, plaintext: bytes) -> memoryview:
        """Of a segment's plaintext, what belongs to the part."""
        view = memoryview(plaintext)
        if self.part is None:
            return view
        offset = self.version.row(ordinal)["offset_bytes"]
        return view[max(0, self.part.start - offset) : self.part.stop - offset]
