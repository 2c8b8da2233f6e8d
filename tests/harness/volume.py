"""Small file systems of a test's own, really full when they are to be."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.harness.parts import lack

_BLOCK_BYTES = 4096
_MIB = 1024 * 1024


@contextlib.contextmanager
def volume(place: Path, size: str) -> Iterator[Path]:
    """A file system in memory, `size` as mount(8) has it: `64k`, `256m`."""
    place.mkdir(parents=True, exist_ok=True)
    options = f"size={size},mode=0711"
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        lack("a file system of a test's own", "the right to mount (CAP_SYS_ADMIN)")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def resize(place: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", place], check=True)


def fill(place: Path) -> Path:
    """Take all the room that is left, until the file that is returned is removed."""
    ballast = place / "ballast"
    for piece in (_MIB, _BLOCK_BYTES):
        with ballast.open("ab", buffering=0) as opened, contextlib.suppress(OSError):
            while True:
                opened.write(os.urandom(piece))
    return ballast
