"""The data folder: who may enter it, how full its disks are, how much lies in it."""

import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from services.cli.doctor.finding import Finding, fine, mend, note, size_text

AREA = "data"
GIB = 1024 * 1024 * 1024
LEAST_FREE_BYTES = 2 * GIB
LEAST_FREE_PART = 0.05
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Space:
    """One disk. `folders` lie on it."""

    folders: tuple[str, ...]
    free_bytes: int
    total_bytes: int


def folder_mode(path: Path, mode: int) -> Finding:
    """Others may pass through (Postgres' account does), not list or write."""
    if mode & (_OTHERS_WRITE | stat.S_IRGRP | stat.S_IROTH):
        return mend(AREA, f"{path} is open to others (mode {mode:03o}).", f"chmod go-rw '{path}'")
    return fine(AREA, f"{path} is closed to others.")


def secret_mode(path: Path, mode: int) -> list[Finding]:
    """A file that only its owner may read."""
    if mode & _OTHERS:
        return [mend(AREA, f"{path} is open to others (mode {mode:03o}).", f"chmod 600 '{path}'")]
    return []


def space(disk: Space) -> Finding:
    least = min(LEAST_FREE_BYTES, int(disk.total_bytes * LEAST_FREE_PART))
    where = " and ".join(disk.folders)
    text = f"{size_text(disk.free_bytes)} of {size_text(disk.total_bytes)} are free for {where}"
    if disk.free_bytes < least:
        then = "Free or add space; when it is gone every request is answered with 503 and nothing is lost."
        return mend(AREA, f"Only {text}.", then)
    return fine(AREA, f"{text}.")


def look(data: Path) -> Iterator[Finding]:
    """Modes, space and sizes of what lies below `data`."""
    yield folder_mode(data, _mode(data))
    for secret in (
        data / "database.json",
        data / "postgres" / "superuser.password",
        data / "tls" / "server.key",
    ):
        if secret.exists():
            yield from secret_mode(secret, _mode(secret))
    parts = [data / name for name in ("objects", "postgres", "keys") if (data / name).exists()]
    for disk in _disks(parts or [data]):
        yield space(disk)
    for part in parts:
        if part.name != "keys":
            size, files = _contents(part)
            yield note(AREA, f"{part.name}: {size_text(size)} in {files} files.")


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _disks(parts: list[Path]) -> Iterator[Space]:
    by_device: dict[int, list[Path]] = {}
    for part in parts:
        by_device.setdefault(part.stat().st_dev, []).append(part)
    for folders in by_device.values():
        usage = shutil.disk_usage(folders[0])
        yield Space(tuple(folder.name for folder in folders), usage.free, usage.total)


def _contents(folder: Path) -> tuple[int, int]:
    """Bytes and number of files below a folder; what goes away meanwhile is not counted."""
    size = files = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                size += (Path(place) / name).lstat().st_size
            except FileNotFoundError:
                continue
            files += 1
    return size, files
