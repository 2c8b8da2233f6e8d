"""A least rate in place of a time limit: a transfer may take days, but not stand still.

Only time spent waiting for the client counts, so that a slow store of ours is not held against it.
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

WINDOW_SECONDS = 30.0


class Pace:
    """How fast a client gives or takes.

    Args:
        least: bytes a second, averaged over 30 s of waiting for the client.
        clock: monotonic seconds.
    """

    def __init__(self, least: int, clock: Callable[[], float]) -> None:
        self._least = least
        self._clock = clock
        self._waited = 0.0
        self._since: float | None = None
        self._bytes = 0
        self._samples: deque[tuple[float, int]] = deque([(0.0, 0)])

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Around each wait for the client."""
        self._since = self._clock()
        try:
            yield
        finally:
            self._waited += self._clock() - self._since
            self._since = None

    @property
    def silent_seconds(self) -> float:
        """For how long the client has been waited for since it last gave or took something."""
        return 0.0 if self._since is None else self._clock() - self._since

    def moved(self, count: int) -> None:
        self._bytes += count

    def too_slow(self) -> bool:
        """Whether the last 30 s of waiting brought less than the least rate. Ask every second or so."""
        waited = self._waited + self.silent_seconds
        self._samples.append((waited, self._bytes))
        while len(self._samples) > 1 and waited - self._samples[1][0] >= WINDOW_SECONDS:
            self._samples.popleft()
        start, before = self._samples[0]
        span = waited - start
        return span >= WINDOW_SECONDS and self._bytes - before < self._least * span
