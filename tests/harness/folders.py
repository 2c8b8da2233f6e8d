"""Folders for whole instances: short, passable for the account of Postgres, in memory where there is room."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def throwaway_folder(room_bytes: int = 1 << 30) -> Iterator[Path]:
    """A short path that the account of Postgres may pass through; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="redwell-test-", dir=_fast_folder(room_bytes)))
    folder.chmod(0o711)
    yield folder
    if "REDWELL_TEST_KEEP" not in os.environ:
        shutil.rmtree(folder, ignore_errors=True)


def _fast_folder(room_bytes: int) -> str | None:
    """Memory, where so much of it is free; containers often give 64 MiB."""
    shared = Path("/dev/shm")  # noqa: S108 -- a folder of our own is made in it
    return str(shared) if shared.is_dir() and shutil.disk_usage(shared).free > room_bytes else None
