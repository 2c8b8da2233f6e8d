"""One at a time: processes that want the same file take turns, on every system that this runs on."""

import contextlib
import errno
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)

    def _try_lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)

    def _try_lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


_TAKEN = frozenset({errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK})


@contextlib.contextmanager
def exclusive(file: Path) -> Iterator[None]:
    """Hold `file` locked; closing it, however the process ends, frees it."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with file.open("ab") as opened:
        _lock(opened.fileno())
        yield


def is_taken(opened: IO[bytes]) -> bool:
    """Whether another has locked the file; if not, it is locked now, until it is closed.

    Where files cannot be locked at all (some network shares), none is taken.
    """
    opened.seek(0)
    try:
        _try_lock(opened.fileno())
    except OSError as error:
        return error.errno in _TAKEN
    return False
