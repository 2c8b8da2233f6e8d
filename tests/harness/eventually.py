"""Waiting for what another process does: asked again and again, with a deadline."""

import time
from collections.abc import Callable
from threading import Event
from typing import TypeVar

POLL_SECONDS = 0.05
T = TypeVar("T")


def eventually(condition: Callable[[], T | None], seconds: float = 10) -> T:
    """What `condition` gives, once it is true (an AssertionError if it is not in time)."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        Event().wait(POLL_SECONDS)
    return found
