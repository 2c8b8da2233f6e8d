"""Places for transfers: each holds megabytes and may last for days, so nobody has them without end.

A session has so many, and a process so many in all. A place is taken before anything is opened or admitted.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from services.kernel.problems import TooManyRequests, Unavailable

RETRY_AFTER_SECONDS = 10


class Slots:
    """Counts transfers under way in this process.

    Args:
        per_session: the most that one session may have.
        in_all: the most that there may be.
    """

    def __init__(self, per_session: int, in_all: int) -> None:
        self._per_session, self._in_all = per_session, in_all
        self._taken: Counter[UUID] = Counter()

    @contextmanager
    def take(self, session: UUID) -> Iterator[None]:
        """A place for as long as the context lasts.

        Raises:
            TooManyRequests: the session has all of its own.
            Unavailable: all are taken.
        """
        if self._taken[session] >= self._per_session:
            raise TooManyRequests(RETRY_AFTER_SECONDS)
        if self._taken.total() >= self._in_all:
            raise Unavailable("Too many transfers are under way; nothing was changed")
        self._taken[session] += 1
        try:
            yield
        finally:
            self._taken[session] -= 1
            self._taken += Counter()  # forget sessions that have none
