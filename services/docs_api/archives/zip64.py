"""The bytes of a ZIP archive around its contents, known before any content is. Pure.

Source: APPNOTE.TXT 6.3.10. Contents are stored, not deflated, so every length is known beforehand, and with
them the whole layout; only the CRC-32 of a content is not, so it follows the content in a data descriptor
(4.3.9) and stands in the central directory. Zip64 (4.3.14, 4.3.15, 4.5.3) is used where a number needs it and
nowhere else: some readers still know nothing of it. Names are UTF-8 and say so.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

_LOCAL = struct.Struct("<IHHHHHIIIHH")
_CENTRAL = struct.Struct("<IHHHHHHIIIHHHHHII")
_DESCRIPTOR = struct.Struct("<IIII")
_DESCRIPTOR_64 = struct.Struct("<IIQQ")
_END_64 = struct.Struct("<IQHHIIQQQQ")
_LOCATOR_64 = struct.Struct("<IIQI")
_END = struct.Struct("<IHHHHIIH")
_LOCAL_SIGNATURE, _CENTRAL_SIGNATURE, _DESCRIPTOR_SIGNATURE = 0x04034B50, 0x02014B50, 0x08074B50
_END_64_SIGNATURE, _LOCATOR_64_SIGNATURE, _END_SIGNATURE = 0x06064B50, 0x07064B50, 0x06054B50
_EXTRA_64 = 0x0001
_LARGEST_16, _LARGEST_32 = 0xFFFF, 0xFFFFFFFF
_FLAGS = 0x0808  # the CRC-32 follows in a data descriptor; the name is UTF-8
_STORED = 0
_VERSION, _VERSION_64 = 20, 45
_MADE_BY_UNIX = 3 << 8
_PLAIN_FILE = 0o100600 << 16  # readable by its owner alone
_EARLIEST, _LATEST = datetime(1980, 1, 1, tzinfo=UTC), datetime(2107, 12, 31, 23, 59, 58, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the archive. `name` is its path there, in UTF-8; `modified` stands in it as UTC."""

    name: bytes
    length_bytes: int
    modified: datetime

    @property
    def large(self) -> bool:
        """Whether its length takes more than 32 bits, so that every part of it has the other form."""
        return self.length_bytes >= _LARGEST_32


class Layout:
    """Where everything lies in the archive of `entries`, in this order."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries
        self._offsets: list[int] = []
        offset = 0
        for entry in entries:
            self._offsets.append(offset)
            offset += len(header(entry)) + entry.length_bytes + len(descriptor(entry, 0))
        self._central_offset = offset
        self._central_bytes = sum(len(self._central(number, 0)) for number in range(len(entries)))

    @property
    def length_bytes(self) -> int:
        """Of the whole archive."""
        return self._central_offset + self._central_bytes + len(self._end())

    def closing(self, checksums: Sequence[int]) -> Iterator[bytes]:
        """What follows the last content and its descriptor; `checksums` has the CRC-32 of each content."""
        for number, checksum in enumerate(checksums):
            yield self._central(number, checksum)
        yield self._end()

    def _central(self, number: int, checksum: int) -> bytes:
        entry, offset = self.entries[number], self._offsets[number]
        wide = [entry.length_bytes] * 2 if entry.large else []
        wide += [offset] if offset >= _LARGEST_32 else []
        extra = _extra(wide)
        length = min(entry.length_bytes, _LARGEST_32)
        fields = _CENTRAL.pack(
            _CENTRAL_SIGNATURE,
            _MADE_BY_UNIX | _VERSION_64,
            _VERSION_64 if wide else _VERSION,
            _FLAGS,
            _STORED,
            *_moment(entry.modified),
            checksum,
            length,
            length,
            len(entry.name),
            len(extra),
            0,  # comment
            0,  # disk
            0,  # internal attributes
            _PLAIN_FILE,
            min(offset, _LARGEST_32),
        )
        return fields + entry.name + extra

    def _end(self) -> bytes:
        count, size, offset = len(self.entries), self._central_bytes, self._central_offset
        end = _END.pack(
            _END_SIGNATURE,
            0,
            0,
            min(count, _LARGEST_16),
            min(count, _LARGEST_16),
            min(size, _LARGEST_32),
            min(offset, _LARGEST_32),
            0,
        )
        if count < _LARGEST_16 and size < _LARGEST_32 and offset < _LARGEST_32:
            return end
        end_64 = _END_64.pack(
            _END_64_SIGNATURE,
            _END_64.size - 12,  # what follows this field
            _MADE_BY_UNIX | _VERSION_64,
            _VERSION_64,
            0,
            0,
            count,
            count,
            size,
            offset,
        )
        return end_64 + _LOCATOR_64.pack(_LOCATOR_64_SIGNATURE, 0, offset + size, 1) + end


def header(entry: Entry) -> bytes:
    """What precedes an entry's content."""
    extra = _extra([0, 0] if entry.large else [])
    length = _LARGEST_32 if entry.large else 0
    fields = _LOCAL.pack(
        _LOCAL_SIGNATURE,
        _VERSION_64 if entry.large else _VERSION,
        _FLAGS,
        _STORED,
        *_moment(entry.modified),
        0,
        length,
        length,
        len(entry.name),
        len(extra),
    )
    return fields + entry.name + extra


def descriptor(entry: Entry, checksum: int) -> bytes:
    """What follows an entry's content, whose CRC-32 is `checksum`."""
    form = _DESCRIPTOR_64 if entry.large else _DESCRIPTOR
    return form.pack(_DESCRIPTOR_SIGNATURE, checksum, entry.length_bytes, entry.length_bytes)


def _extra(wide: Sequence[int]) -> bytes:
    """The Zip64 extra field with these numbers; nothing if there are none."""
    return struct.pack(f"<HH{len(wide)}Q", _EXTRA_64, 8 * len(wide), *wide) if wide else b""


def _moment(at: datetime) -> tuple[int, int]:
    """MS-DOS time and date, which count from 1980 in steps of two seconds."""
    at = min(max(at.astimezone(UTC), _EARLIEST), _LATEST)
    return (
        at.hour << 11 | at.minute << 5 | at.second // 2,
        (at.year - 1980) << 9 | at.month << 5 | at.day,
    )
