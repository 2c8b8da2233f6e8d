"""The ASGI lifespan protocol around any application and any context manager."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack

from starlette.types import ASGIApp, Receive, Scope, Send

from services.kernel.logs import logger

_log = logger("host")


class Living:
    """`app`, alive inside `live()`: entered at the lifespan's start-up, left at its shutdown."""

    def __init__(self, app: ASGIApp, live: Callable[[], AbstractAsyncContextManager[object]]) -> None:
        self.app = app
        self.live = live

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live_through(receive, send)
        else:
            await self.app(scope, receive, send)

    async def _live_through(self, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as stack:
            await receive()
            try:
                await stack.enter_async_context(self.live())
            except Exception as exc:  # whatever it is, the server must hear of it and end
                _log.error("start-up failed", exc_info=exc)
                await send({"type": "lifespan.startup.failed", "message": str(exc)})
                raise
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})
