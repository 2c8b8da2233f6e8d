"""A file here as it was read: what it is declared to be must be what is sent."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from os import fstat
from pathlib import Path
from typing import Self

from .errors import FileChangedError

CHUNK_BYTES = 1024 * 1024
Moved = Callable[[int], None]


def unseen(_count: int) -> None:
    """Where nobody watches."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """Length and SHA-256 (hex) of a file, and when it was changed last."""

    path: Path
    length_bytes: int
    modified_ns: int
    sha256: str

    @classmethod
    def read(cls, path: Path, read: Moved = unseen) -> Self:
        """Read all of it, telling `read` of every part.

        Raises:
            FileChangedError: somebody writes to it just now.
            OSError: it cannot be read.
        """
        digest = hashlib.sha256()
        with path.open("rb") as opened:
            before = fstat(opened.fileno())
            while chunk := opened.read(CHUNK_BYTES):
                digest.update(chunk)
                read(len(chunk))
            file = cls(path, before.st_size, before.st_mtime_ns, digest.hexdigest())
        file.require_unchanged()
        return file

    def require_unchanged(self) -> None:
        """Return if it looks as it did when it was read (raises FileChangedError)."""
        now = self.path.stat()
        if (now.st_size, now.st_mtime_ns) != (self.length_bytes, self.modified_ns):
            raise FileChangedError("the file was changed while it was read or sent")

    def chunks(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Its bytes from `start` to `stop`, in parts.

        Raises:
            FileChangedError: it has become shorter.
        """
        left = (self.length_bytes if stop is None else stop) - start
        with self.path.open("rb") as opened:
            opened.seek(start)
            while left:
                chunk = opened.read(min(CHUNK_BYTES, left))
                if not chunk:
                    raise FileChangedError("the file was cut short while it was sent")
                left -= len(chunk)
                yield chunk


def known(file: Path | LocalFile) -> LocalFile:
    """The file, read if it was not yet."""
    return file if isinstance(file, LocalFile) else LocalFile.read(file)


def file_sha256(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
