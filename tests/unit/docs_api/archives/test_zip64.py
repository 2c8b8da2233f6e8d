"""The layout of archives, read back by readers that are not ours: Python's and Info-ZIP's."""

import io
import struct
import subprocess
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zlib import crc32

import pytest

from services.docs_api.archives.zip64 import Entry, Layout, descriptor, header
from tests.harness import parts

GIB = 1024**3
MADE = datetime(2026, 5, 1, 12, 30, 41, tzinfo=UTC)
EXAMPLES = [("a.txt", b"words"), ("Ärger/лист.txt", b""), ("b/c/検査.pdf", bytes(range(256)) * 5000)]


def archive_of(files: Sequence[tuple[str, bytes]]) -> bytes:
    layout = Layout([Entry(name.encode(), len(content), MADE) for name, content in files])
    made = bytearray()
    for entry, (_, content) in zip(layout.entries, files, strict=True):
        made += header(entry) + content + descriptor(entry, crc32(content))
    made += b"".join(layout.closing([crc32(content) for _, content in files]))
    assert len(made) == layout.length_bytes
    return bytes(made)


class Sparse(io.RawIOBase):
    """An archive whose contents are not there: only what lies around them can be read."""

    def __init__(self, layout: Layout, known: dict[int, bytes]) -> None:
        self._parts = sorted(known.items())
        self._size, self._at = layout.length_bytes, 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def read(self, size: int = -1) -> bytes:
        stop = self._size if size < 0 else min(self._at + size, self._size)
        for start, part in self._parts:
            if start <= self._at and stop <= start + len(part):
                found = part[self._at - start : stop - start]
                self._at = stop
                return found
        raise AssertionError(f"content was read at {self._at}")


def sparse(layout: Layout) -> Sparse:
    """The archive with every entry's CRC-32 said to be its number."""
    known: dict[int, bytes] = {}
    offset = 0
    for number, entry in enumerate(layout.entries):
        known[offset] = header(entry)
        offset += len(header(entry)) + entry.length_bytes
        known[offset] = descriptor(entry, number)
        offset += len(descriptor(entry, number))
    known[offset] = b"".join(layout.closing(range(len(layout.entries))))
    assert offset + len(known[offset]) == layout.length_bytes
    return Sparse(layout, known)


def test_python_reads_what_is_made() -> None:
    with zipfile.ZipFile(io.BytesIO(archive_of(EXAMPLES))) as opened:
        assert opened.testzip() is None
        assert [(info.filename, opened.read(info)) for info in opened.infolist()] == EXAMPLES
        assert {info.date_time for info in opened.infolist()} == {(2026, 5, 1, 12, 30, 40)}
        assert {info.compress_type for info in opened.infolist()} == {zipfile.ZIP_STORED}


def test_an_archive_of_nothing_is_one() -> None:
    with zipfile.ZipFile(io.BytesIO(archive_of([]))) as opened:
        assert opened.infolist() == []


def test_info_zip_reads_what_is_made(tmp_path: Path) -> None:
    unzip = parts.require_program("unzip", "unzip")
    (tmp_path / "a.zip").write_bytes(archive_of(EXAMPLES))
    told = subprocess.run([unzip, "-t", tmp_path / "a.zip"], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout
    assert "No errors detected" in told.stdout


def test_lengths_beyond_4_gib_are_told_in_64_bits() -> None:
    small, large = Entry(b"small", 10, MADE), Entry(b"large", 5 * GIB, MADE)
    layout = Layout([small, large, Entry(b"limit", 2**32 - 1, MADE), Entry(b"below", 2**32 - 2, MADE), small])
    with zipfile.ZipFile(sparse(layout)) as opened:
        found = opened.infolist()
    assert [info.file_size for info in found] == [entry.length_bytes for entry in layout.entries]
    assert [info.compress_size for info in found] == [entry.length_bytes for entry in layout.entries]
    assert [info.CRC for info in found] == [0, 1, 2, 3, 4]
    assert found[-1].header_offset > 12 * GIB
    assert (len(descriptor(small, 0)), len(descriptor(large, 0))) == (16, 24)
    assert struct.unpack("<IIQQ", descriptor(large, 7)) == (0x08074B50, 7, 5 * GIB, 5 * GIB)


def test_small_archives_need_no_zip64() -> None:
    made = archive_of(EXAMPLES)
    assert b"PK\x06\x06" not in made[-4096:]
    with zipfile.ZipFile(io.BytesIO(made)) as opened:
        assert {info.extract_version for info in opened.infolist()} == {20}


@pytest.mark.parametrize("count", [65_534, 65_535, 65_536, 70_000])
def test_very_many_entries_are_counted_in_64_bits(count: int) -> None:
    layout = Layout([Entry(b"%d" % number, 0, MADE) for number in range(count)])
    made = b"".join(_empty_parts(layout))
    assert len(made) == layout.length_bytes
    with zipfile.ZipFile(io.BytesIO(made)) as opened:
        assert len(opened.infolist()) == count
        assert opened.read("65000") == b""


def _empty_parts(layout: Layout) -> Iterator[bytes]:
    for entry in layout.entries:
        yield header(entry)
        yield descriptor(entry, 0)
    yield from layout.closing([0] * len(layout.entries))


def test_times_that_the_format_has_not_are_the_nearest() -> None:
    entries = [
        Entry(b"a", 0, datetime(1970, 1, 1, tzinfo=UTC)),
        Entry(b"b", 0, datetime(2199, 1, 1, tzinfo=UTC)),
    ]
    with zipfile.ZipFile(io.BytesIO(b"".join(_empty_parts(Layout(entries))))) as opened:
        assert [info.date_time[0] for info in opened.infolist()] == [1980, 2107]
