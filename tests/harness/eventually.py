"""Waiting for what another process does: asked again and again, with a deadline."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from threading import Event
from typing import TypeVar

POLL_SECONDS = 0.05
T = TypeVar("T")


def eventually(condition: Callable[[], T | None], seconds: float = 30) -> T:
    """What `condition` gives, once it is true (an AssertionError if it is not in time)."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        Event().wait(POLL_SECONDS)
    return found


async def eventually_async(condition: Callable[[], Awaitable[T | None]], seconds: float = 30) -> T:
    """As `eventually`, of what runs in this event loop and must not be kept from it."""
    deadline = time.monotonic() + seconds
    while not (found := await condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        await asyncio.sleep(POLL_SECONDS)
    return found


def allowed(seconds: float) -> float:
    """A limit that holds on two idle cores, on this machine as busy as it is now."""
    return seconds * max(1.0, os.getloadavg()[0] / 2)
