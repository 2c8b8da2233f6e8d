"""An answer that is content on its way out, watched as long as it lasts.

It is a pure ASGI response whose Content-Length is fixed beforehand; so whatever stops it leaves the answer
visibly incomplete. Its end is always recorded, however it comes.
"""

import asyncio
from abc import ABC, abstractmethod
from contextlib import ExitStack

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from services.docs_api.transfers.gate import Gate
from services.docs_api.transfers.watch import Watch, under_watch, whatever_happens
from services.kernel.http.abort import abort
from services.kernel.logs import logger
from services.kernel.problems import EvidenceUnavailable

CHUNK_BYTES = 256 * 1024
_log = logger("docs")


class Outgoing(Response, ABC):
    """What is sent is `_body`'s, what is recorded at the end `_record_end`'s.

    Args:
        watch: ends it when the principal may no longer have it, or takes it too slowly.
    """

    def __init__(self, *, status: int, headers: dict[str, str], watch: Watch) -> None:
        super().__init__(status_code=status, headers=headers)
        self._watch = watch
        self._gate = Gate(watch.alarm, watch.bell)
        self._withdrawn = False
        self._held = ExitStack()

    def ends_with(self, held: ExitStack) -> None:
        """Close `held` when the delivery has ended, however it does."""
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        stopped: BaseException | None = None
        try:
            await under_watch(self._send(send), _await_departure(receive), self._keep())
        except asyncio.CancelledError as cancelled:
            stopped = cancelled
            raise
        except Exception as error:  # noqa: BLE001 -- whatever it is, the answer ends here, short of its length
            stopped = error
            if self._withdrawn:
                # What waits in buffers must not go out; and closing would wait for who does not read.
                abort(scope)
        finally:
            self._gate.close()
            with self._held:
                await whatever_happens(self._end(stopped))

    @abstractmethod
    async def _body(self, send: Send) -> None:
        """Hand over everything, by `_give`."""

    @abstractmethod
    async def _record_end(self, stopped: BaseException | None) -> None:
        """Evidence of how it ended; None: well."""

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await self._body(send)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _keep(self) -> None:
        try:
            await self._watch.keep()
        except Exception:
            self._withdrawn = True
            raise

    async def _give(self, send: Send, chunk: bytes) -> None:
        """Hand over at most `CHUNK_BYTES`, or little more."""
        await self._gate.enter(len(chunk))
        with self._watch.pace.waiting():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        self._watch.pace.moved(len(chunk))
        self._gate.passed(len(chunk))

    async def _end(self, stopped: BaseException | None) -> None:
        try:
            await self._record_end(stopped)
        except EvidenceUnavailable as unavailable:
            # The bytes are out, and their admission is on record; all that is left is to say so here.
            _log.error("end of a delivery not recorded", exc_info=unavailable)


async def _await_departure(receive: Receive) -> None:
    """Servers take what is sent to a client that has gone, and say nothing; only `receive` tells."""
    while (await receive())["type"] != "http.disconnect":
        pass
    raise ClientDisconnect
