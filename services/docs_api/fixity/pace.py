"""A bound on how fast something is read, over any stretch of time: what was not used is not saved up."""

import asyncio


class Bound:
    """At most so many bytes a second."""

    def __init__(self, bytes_a_second: int) -> None:
        self._rate = bytes_a_second
        self._free_at = 0.0

    async def spend(self, count: int) -> None:
        """Return once `count` more bytes are within the bound."""
        now = asyncio.get_running_loop().time()
        self._free_at = max(self._free_at, now) + count / self._rate
        await asyncio.sleep(self._free_at - now)
