"""Keeps asking, while bytes move, whether they still may. The database decides, at least once a second."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

from services.docs_api.transfers.errors import TransferTooSlow
from services.docs_api.transfers.pace import Pace

CHECK_SECONDS = 1.0
Result = TypeVar("Result")


async def watch(check: Callable[[], Awaitable[None]], pace: Pace) -> None:
    """Never returns.

    Raises:
        TransferTooSlow: the client is.
        RedwellError: `check` found that the transfer must end, or could not find out.
    """
    while True:
        await asyncio.sleep(CHECK_SECONDS)
        if pace.too_slow():
            raise TransferTooSlow
        await check()


async def under_watch(work: Coroutine[Any, Any, Result], *guards: Coroutine[Any, Any, None]) -> Result:
    """The result of `work`, or what a guard raised that ended first. Nothing is left running."""
    working = asyncio.ensure_future(work)
    tasks: list[asyncio.Future[Any]] = [working, *map(asyncio.ensure_future, guards)]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await end_all(tasks)
    if working not in done:
        for task in done:
            task.result()
    return working.result()


async def end_all(tasks: Sequence[asyncio.Future[Any]]) -> None:
    """Cancel what still runs, and wait until it has ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def whatever_happens(work: Coroutine[Any, Any, Result]) -> Result:
    """Finish `work` even if the request it belongs to is cancelled meanwhile."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
