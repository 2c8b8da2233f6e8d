"""Tells a disk without room from everything else that can keep a start from succeeding."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.host.errors import HostError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_SENTENCES = tuple(os.strerror(number) for number in sorted(_FULL))


class NoRoomError(HostError):
    """The disk of the data folder is full."""


@contextmanager
def room_needed(folder: Path) -> Iterator[None]:
    """Say in one sentence when it is for want of space that something below `folder` cannot be made.

    Raises:
        NoRoomError: in place of whatever the full disk led to.
    """
    try:
        yield
    except Exception as error:
        if not is_for_want_of_room(error):
            raise
        raise NoRoomError(
            f"There is no room left on the disk of {folder}: free some, or choose another folder with "
            "--data, and start again."
        ) from error


def is_for_want_of_room(error: BaseException | None) -> bool:
    """Whether an error or one that led to it says that a disk, or the caller's share of it, is full.

    What initdb and Postgres say comes to us as text, and with asyncpg as its DiskFullError.
    """
    while error is not None:
        if isinstance(error, OSError) and error.errno in _FULL:
            return True
        if any(sentence in str(error) for sentence in _SENTENCES):
            return True
        error = error.__cause__ or error.__context__
    return False
