"""Reading a bundle file in bounded memory, whatever a hostile writer put into it.

The zip directory is measured before the zip library parses it; every file has a limit; lines are streamed,
and each file's SHA-256 is taken from the bytes as they pass.
"""

import hashlib
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from services.audit.offline.errors import AlteredFileError, FormatError, NotABundleError
from services.audit.offline.manifest import CONTENT_FILES, MAX_MANIFEST_BYTES, Manifest, parse_manifest
from services.audit.offline.note import MAX_NOTE_BYTES

if TYPE_CHECKING:
    from hashlib import _Hash

MAX_LOG_KEY_BYTES = 1024
MAX_README_BYTES = 65_536
MAX_STREAM_BYTES = (
    16 * 2**30
)  # one stream unpacked; a bundle file itself stays below 4 GiB (no zip64 directory)

_LIMITS = {
    "manifest.json": MAX_MANIFEST_BYTES,
    "checkpoint": MAX_NOTE_BYTES,
    "log-key": MAX_LOG_KEY_BYTES,
    "README.txt": MAX_README_BYTES,
    "leaves.ndjson": MAX_STREAM_BYTES,
    "events.ndjson": MAX_STREAM_BYTES,
    "disclosed.ndjson": MAX_STREAM_BYTES,
}
_MAX_DIRECTORY_BYTES = 8192  # seven entries need below 1 KiB
_DIRECTORY_END = struct.Struct("<4s4H2LH")
_ZIP64_LOCATOR_BYTES = 20
_ENCRYPTED = 0x1
# What zipfile raises on hostile input; RuntimeError includes NotImplementedError, ValueError Unicode errors.
_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError)


class Bundle:
    """An open bundle: its manifest, whole small files, and streamed lines. Nothing read here is verified."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._digests: dict[str, _Hash] = {}
        with _refusing_damage():
            _require_entries(archive)
        try:
            self.manifest: Manifest = parse_manifest(self.read("manifest.json"))
        except FormatError as exc:
            raise NotABundleError(str(exc)) from exc

    def read(self, name: str) -> bytes:
        """A whole file; for those of small limits."""
        limit = _LIMITS[name]
        with _refusing_damage(), self._archive.open(name) as stream:
            # Its stated size is within the limit; naming the limit also bounds what is unpacked at once.
            content = stream.read(limit)
        self._digests[name] = hashlib.sha256(content)
        return content

    def lines(self, name: str, max_line_bytes: int) -> Iterator[bytes]:
        """Lines of a file, without their ends; `max_line_bytes` does not count the end.

        Raises:
            NotABundleError: damaged, a line is too long, or the last line has no end.
        """
        digest = self._digests[name] = hashlib.sha256()
        with _refusing_damage():
            stream = self._archive.open(name)
        with stream:
            while line := _next_line(stream, max_line_bytes):
                if not line.endswith(b"\n"):
                    raise NotABundleError(f"A line of the bundle's {name} is too long or cut off.")
                digest.update(line)
                yield line[:-1]

    def verify_digests(self) -> None:
        """Compare every file, all read by now, with the manifest.

        Raises:
            AlteredFileError: a file is not the one the manifest names.
        """
        for name in sorted(CONTENT_FILES):
            if self._digests[name].hexdigest() != self.manifest.files[name]:
                raise AlteredFileError(f"The bundle's {name} is not the file its manifest names.")


@contextmanager
def open_bundle(path: Path) -> Iterator[Bundle]:
    """Open a bundle file for reading.

    Raises:
        NotABundleError: it is not one, or cannot be read safely.
    """
    with _refusing_damage():
        file = path.open("rb")
    with file:
        with _refusing_damage():
            _require_small_directory(file)
            archive = zipfile.ZipFile(file)
        with archive:
            yield Bundle(archive)


def _next_line(stream: IO[bytes], max_line_bytes: int) -> bytes:
    with _refusing_damage():
        return stream.readline(max_line_bytes + 1)  # one more for the line's end


def _require_small_directory(file: IO[bytes]) -> None:
    """Refuse a zip whose directory is not seven entries at the very end, before zipfile reads it all."""
    file_bytes = file.seek(0, os.SEEK_END)
    file.seek(max(0, file_bytes - _DIRECTORY_END.size - _ZIP64_LOCATOR_BYTES))
    tail = file.read()
    magic, disk, first_disk, here, total, directory_bytes, start, comment_bytes = _DIRECTORY_END.unpack(
        tail[-_DIRECTORY_END.size :]
    )
    plain = magic == b"PK\x05\x06" and tail[:4] != b"PK\x06\x07" and disk == first_disk == comment_bytes == 0
    exact = start + directory_bytes + _DIRECTORY_END.size == file_bytes
    small = here == total == len(_LIMITS) and directory_bytes <= _MAX_DIRECTORY_BYTES
    if not (plain and exact and small):
        raise NotABundleError("The file is not a bundle: a zip of exactly seven files, below 4 GiB.")


def _require_entries(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    if {entry.filename for entry in entries} != _LIMITS.keys():
        raise NotABundleError("The bundle does not hold exactly the seven files of a bundle.")
    for entry in entries:
        stored = entry.compress_type in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
        if not stored or entry.flag_bits & _ENCRYPTED:
            raise NotABundleError("A file of the bundle is encrypted or packed in an unknown way.")
        if entry.file_size > _LIMITS[entry.filename]:
            raise NotABundleError("A file of the bundle is too large.")


@contextmanager
def _refusing_damage() -> Iterator[None]:
    try:
        yield
    except _ZIP_ERRORS as exc:
        raise NotABundleError("The file is not a bundle, or is damaged.") from exc
