"""Bounds what is handed over after access has ended: by construction, not by how fast the news travels.

The alarm hears of a change when it is committed, but the news takes its time, in which a fast client could be
given much. So nothing goes out further than `WINDOW_BYTES` beyond the place where a transfer was when it was
last sure to have heard everything: after a question to the database on the connection that also brings the
news, which cannot overtake it. While something was heard that may concern it, and until the database has said
that it may go on, nothing goes out at all.

    after a revocation is committed, at most: one window, and what lies in the server's own write buffers
    (`host/protocol.py`) -> less than 2 MiB

While nothing listens, the look that every transfer takes each second holds alone.
"""

import asyncio

from services.docs_api.transfers.alarm import Alarm, Bell

ASK_AFTER_BYTES = 1024 * 1024
WINDOW_BYTES = ASK_AFTER_BYTES + 256 * 1024


class Gate:
    """Of one transfer."""

    def __init__(self, alarm: Alarm, bell: Bell) -> None:
        self._alarm, self._bell = alarm, bell
        self._handed = self._confirmed = 0
        self._confirming: asyncio.Future[None] | None = None
        self._looked = False

    async def enter(self, count: int) -> None:
        """Return when `count` more bytes may go out."""
        await self._bell.calm()
        while self._handed + count > self._confirmed + WINDOW_BYTES and self._handed > self._confirmed:
            await asyncio.wait([self._confirm()])
            await self._bell.calm()

    def passed(self, count: int) -> None:
        """So many have gone out."""
        self._handed += count
        if self._handed - self._confirmed >= ASK_AFTER_BYTES:
            self._confirm()

    def close(self) -> None:
        if self._confirming is not None:
            self._confirming.cancel()

    def _confirm(self) -> asyncio.Future[None]:
        """A question that is under way; a new one if none is."""
        if self._confirming is None or self._confirming.done():
            self._confirming = asyncio.ensure_future(self._heard_all(self._handed))
        if not self._looked:  # what was committed between admission and the first bell was not heard
            self._looked = True
            self._bell.ring()
        return self._confirming

    async def _heard_all(self, handed: int) -> None:
        await self._alarm.caught_up()
        self._confirmed = handed
