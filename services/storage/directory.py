"""Objects as files in a folder, for a single machine.

`a/b/ab…` holds the object `ab…`; the 256 folders are made once. A file is written beside its place, synced,
and linked to its name only if the name is free; then its folder is synced. So a name stands for a whole
object or for none, through any crash, and what `put` has returned for is on the disk. A failed sync fails
the write for good: the kernel may have dropped the pages, and a second sync would report a success that is
none.
"""

import asyncio
import contextlib
import fcntl
import os
import secrets
import stat
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from services.storage.protocol import (
    MARK,
    MAX_OBJECT_BYTES,
    OWNER,
    Bytes,
    ObjectExistsError,
    ObjectMissingError,
    StoredObject,
    StoreUnavailableError,
    is_object_key,
    new_object_key,
    require_object_key,
    require_object_size,
    require_same_owner,
)

INLINE_BYTES: Final = 128 * 1024  # a thread costs more than reading as much; 64 KiB, sealed, are below
# A large object is read later if at all, and memory for pages that are written once is dearer than the disk:
# the kernel is told to let go of them, and keeps what is asked for again and again.
CACHED_BYTES: Final = 1024 * 1024
TEMPORARY: Final = ".incoming-"
LISTED_AT_ONCE: Final = 256
_FAN_OUT: Final = "0123456789abcdef"


class DirectoryStore:
    """An `ObjectStore` in one folder that belongs to this deployment alone; `prepare` it before use."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def prepare(self) -> int:
        """Make the folders and remove what interrupted writes have left. Harmless while others write.

        Returns:
            how many temporary files were removed.

        Raises:
            StoreUnavailableError: the folder cannot be made or written.
        """
        with _translated(f"{self._path}"):
            _make_folder(self._path)
            for outer in _FAN_OUT:
                _make_folder(self._path / outer)
                for inner in _FAN_OUT:
                    (self._path / outer / inner).mkdir(mode=0o700, exist_ok=True)
                _sync_folder(self._path / outer)
            stale = [*self._path.glob(f"?/?/{TEMPORARY}*"), *self._path.glob(f"{TEMPORARY}*")]
            return sum(_remove_if_stale(path) for path in stale)

    async def put(self, key: str, data: Bytes) -> None:
        require_object_size(data)
        await asyncio.to_thread(self._write, self._place(key), data)

    async def get(self, key: str) -> bytes:
        place = self._place(key)
        with _found(key, place):
            if _size(place, key) <= INLINE_BYTES:
                return _read(place)
            return await asyncio.to_thread(_read, place)

    async def size(self, key: str) -> int:
        place = self._place(key)
        with _found(key, place):
            return _size(place, key)

    async def delete(self, key: str) -> None:
        await asyncio.to_thread(self._remove, self._place(key))

    async def list(self) -> AsyncIterator[StoredObject]:
        walk = self._walk()
        while batch := await asyncio.to_thread(_take, walk, LISTED_AT_ONCE):
            for found in batch:
                yield found

    async def check(self) -> None:
        key = new_object_key()
        await self.put(key, b"")
        await self.delete(key)

    async def claim(self, owner: str) -> None:
        await asyncio.to_thread(self._claim, owner)

    async def mark(self) -> str | None:
        return await asyncio.to_thread(self._mark)

    async def set_mark(self, mark: str) -> None:
        await asyncio.to_thread(self._set_mark, mark.encode())

    def _mark(self) -> str | None:
        with _translated(MARK):
            if not self._path.is_dir():  # the disk is not there: that is no store without a mark
                raise StoreUnavailableError(f"The folder {self._path} is not there.")
            try:
                return _read(self._path / MARK).decode(errors="replace")
            except FileNotFoundError:
                return None

    def _set_mark(self, mark: bytes) -> None:
        temporary = self._path / f"{TEMPORARY}{secrets.token_hex(8)}"
        with _translated(MARK):
            try:
                _write_and_put(temporary, self._path / MARK, mark, os.replace)
            finally:
                temporary.unlink(missing_ok=True)
            _sync_folder(self._path)

    def _claim(self, owner: str) -> None:
        place = self._path / OWNER
        if not place.exists():
            with contextlib.suppress(ObjectExistsError):
                self._write(place, owner.encode())
        with _translated(OWNER):
            require_same_owner(owner, _read(place), f"The folder {self._path}")

    def _place(self, key: str) -> Path:
        require_object_key(key)
        return self._path / key[0] / key[1] / key

    def _write(self, place: Path, data: Bytes) -> None:
        temporary = place.parent / f"{TEMPORARY}{secrets.token_hex(8)}"
        with _translated(place.name):
            try:
                _write_and_put(temporary, place, data, os.link)
            except FileExistsError as exc:
                raise ObjectExistsError(f"The object {place.name} exists already.") from exc
            finally:
                temporary.unlink(missing_ok=True)
            _sync_folder(place.parent)

    def _remove(self, place: Path) -> None:
        with _translated(place.name), contextlib.suppress(FileNotFoundError):
            place.unlink()
            _sync_folder(place.parent)

    def _walk(self) -> Iterator[StoredObject]:
        with _translated(f"{self._path}"):
            for outer in _FAN_OUT:
                for inner in _FAN_OUT:
                    yield from _objects(self._path / outer / inner)


@contextlib.contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise StoreUnavailableError(f"The store failed at {what}: {exc.strerror}.") from exc


@contextlib.contextmanager
def _found(key: str, place: Path) -> Iterator[None]:
    with _translated(key):
        try:
            yield
        except FileNotFoundError as exc:
            if not place.parent.is_dir():  # the disk is not there: that says nothing about the object
                raise
            raise ObjectMissingError(f"There is no object {key}.") from exc


def _size(place: Path, key: str) -> int:
    status = place.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise ObjectMissingError(f"Something else lies in the place of the object {key}.")
    return status.st_size


def _make_folder(path: Path) -> None:
    """Make a folder and those above it, each synced into its parent, whoever made it."""
    if not path.parent.is_dir():
        _make_folder(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    _sync_folder(path.parent)


def _write_and_put(temporary: Path, place: Path, data: Bytes, put: Callable[[Path, Path], None]) -> None:
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # held while the writer lives, so that no sweep takes the file
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
        if len(data) > CACHED_BYTES:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        put(temporary, place)
    finally:
        os.close(descriptor)


def _remove_if_stale(temporary: Path) -> int:
    with contextlib.suppress(FileNotFoundError, BlockingIOError):
        descriptor = os.open(temporary, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            temporary.unlink()
        finally:
            os.close(descriptor)
        return 1
    return 0


def _read(place: Path) -> bytes:
    descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(descriptor, "rb") as opened:  # noqa: PTH123 - a descriptor, not a path
        # Reserving the most an object may have, for each that is read, would leave the memory in holes.
        return opened.read(min(os.fstat(descriptor).st_size, MAX_OBJECT_BYTES) + 1)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _objects(folder: Path) -> Iterator[StoredObject]:
    """What may be an object of ours. A stray file of somebody else's is neither listed nor ever deleted."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if not is_object_key(entry.name) or not entry.is_file(follow_symlinks=False):
                continue
            with contextlib.suppress(FileNotFoundError):
                status = entry.stat(follow_symlinks=False)
                modified_at = datetime.fromtimestamp(status.st_mtime, UTC)
                yield StoredObject(entry.name, status.st_size, modified_at)


def _take(walk: Iterator[StoredObject], count: int) -> list[StoredObject]:
    return [found for _, found in zip(range(count), walk, strict=False)]
