"""How long something is tried that may pass: a line that breaks, a server that restarts or is busy."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import httpx

from .errors import EndedEarlyError, ProblemError, RedwellClientError
from .files import Moved, unseen

FIRST_SECONDS, LONGEST_SECONDS = 0.5, 30.0
_PASSING = frozenset({408, 423, 429, 460, 502, 503, 504})
_MENDED = frozenset({"offset-mismatch", "patch-too-small"})
"""What the next request does better, now that it is known."""
_UNAUTHORIZED = 401
Result = TypeVar("Result")


def _not_renewed(_since: float) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Patience:
    """Tries again, waiting twice as long each time, until nothing has moved for `seconds`.

    Args:
        seconds: counted from the first failure after something moved; 0: nothing is tried again.
        clock: monotonic seconds.
        pause: waits so many seconds.
        renew: makes new tokens, if there are none yet since this moment of the clock; whether there are.
    """

    seconds: float = 60.0
    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep
    renew: Callable[[float], bool] = _not_renewed

    def keep_trying(self, run: Callable[[], Result], how_far: Callable[[], int] = lambda: 0) -> Result:
        """The result of `run`. `how_far` tells whether something moved meanwhile.

        Raises:
            httpx.TransportError, EndedEarlyError, ProblemError: the last failure, or one that does not pass.
        """
        far, since, wait, renewed = how_far(), None, FIRST_SECONDS, False
        while True:
            began = self.clock()
            try:
                return run()
            except (httpx.TransportError, EndedEarlyError, ProblemError) as failure:
                if since is None or how_far() != far:
                    far, since, wait, renewed = how_far(), self.clock(), FIRST_SECONDS, False
                if not renewed and _signed_out(failure) and self.renew(began):
                    renewed = True
                    continue
                if not _passes(failure) or self.clock() - since >= self.seconds:
                    raise
                self.pause(max(wait, _asked_for(failure)))
                wait = min(wait * 2, LONGEST_SECONDS)


def _signed_out(failure: Exception) -> bool:
    return isinstance(failure, ProblemError) and failure.status == _UNAUTHORIZED


def _passes(failure: httpx.TransportError | RedwellClientError) -> bool:
    """Whether it may be different in a moment."""
    if isinstance(failure, ProblemError):
        return failure.status in _PASSING or failure.slug in _MENDED
    return True


def _asked_for(failure: Exception) -> float:
    seconds = failure.retry_after_seconds if isinstance(failure, ProblemError) else 0
    return min(float(seconds), LONGEST_SECONDS)


def _unsaid(_what: str) -> None:
    """Where nobody reads."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Who watches a transfer, and how long it is tried.

    Args:
        patience: with what may pass.
        moved: told how many bytes went or came; less than none, when they have to again.
        found: told how many bytes were there already.
        doing: told in a word what goes on beside moving bytes.
    """

    patience: Patience = field(default_factory=Patience)
    moved: Moved = unseen
    found: Moved = unseen
    doing: Callable[[str], None] = _unsaid
