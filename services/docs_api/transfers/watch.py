"""Keeps asking, while bytes move, whether they still may.

The database decides: at least once a second, and at once when the alarm rings. While it does not answer,
nothing more is handed over.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from services.docs_api.transfers.alarm import Alarm, Bell
from services.docs_api.transfers.errors import TransferTooSlow
from services.docs_api.transfers.pace import Pace
from services.kernel.problems import Unavailable

CHECK_SECONDS = 1.0
DOUBT_SECONDS = 0.75
"""How long the database may take to answer before nothing more is handed over until it has."""
PATIENCE_SECONDS = 15.0
"""How long it may take before the transfer ends."""
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Watch:
    """What a transfer is watched by.

    `check` raises when it must end. `pace` is how slow the client may be. `alarm` rings when access may have
    ended in one of `tenants`: the firm's, and the organization's of who transfers.
    """

    check: Callable[[], Awaitable[None]]
    pace: Pace
    alarm: Alarm
    tenants: tuple[UUID, ...]
    every_seconds: float = CHECK_SECONDS
    bell: Bell = field(default_factory=Bell)

    async def keep(self) -> None:
        """Never returns.

        Raises:
            TransferTooSlow: the client is.
            RedwellError: `check` found that the transfer must end, or could not find out.
        """
        with self.alarm.hung(self.bell, *self.tenants):
            while True:
                await self.bell.wait(self.every_seconds)
                if self.pace.too_slow():
                    raise TransferTooSlow
                await self._answered()
                self.bell.settle()

    async def _answered(self) -> None:
        """As `check`, but nothing goes out while it takes long; and that no answer comes is `Unavailable`."""
        asking = asyncio.ensure_future(self.check())
        try:
            done, _ = await asyncio.wait([asking], timeout=DOUBT_SECONDS)
            if not done:
                self.bell.doubt()
                done, _ = await asyncio.wait([asking], timeout=PATIENCE_SECONDS)
        except asyncio.CancelledError:
            asking.cancel()
            await asyncio.wait([asking], timeout=DOUBT_SECONDS)
            raise
        if not done:
            asking.add_done_callback(_heard)  # its connection gives up by itself
            raise Unavailable
        asking.result()


def _heard(late: asyncio.Future[None]) -> None:
    """Whatever it says now, nobody waits for it any more."""
    if not late.cancelled():
        late.exception()


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
