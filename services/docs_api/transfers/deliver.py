"""The answer to a fetch: a pure ASGI response that opens one segment ahead of what it sends.

Its Content-Length is the pinned length, or that of the range that was asked for, and a segment is opened
whole before a byte of it goes out; so whatever stops it leaves the answer visibly incomplete. Of a range,
only the segments that it touches are opened. Its end is always an event: how many bytes were handed over, of
how many, and why no more.
"""

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from services.docs_api.transfers.errors import IntegrityFailure
from services.docs_api.transfers.failures import problem_of, reason_of
from services.docs_api.transfers.opening import Pieces
from services.docs_api.transfers.watch import Watch, end_all, under_watch, whatever_happens
from services.evidence.event import Draft, Event, Subject
from services.evidence.recorder import Recorder
from services.kernel.logs import logger
from services.kernel.principal import Admission, Principal
from services.kernel.problems import EvidenceUnavailable

CHUNK_BYTES = 256 * 1024
_log = logger("docs")


@dataclass(frozen=True, slots=True)
class Handover:
    """Who is given what, and whose log it belongs in. `length_bytes` is what is to be handed over."""

    recorder: Recorder
    admission: Admission
    principal: Principal
    subject: Subject
    length_bytes: int

    async def record_integrity(self) -> Event:
        draft = Draft(
            "document.integrity",
            "failed",
            IntegrityFailure.slug,
            self.subject,
            status=IntegrityFailure.status,
        )
        return await self.recorder.append_alone(self.principal.firm, draft, self.admission)

    async def record_end(self, handed_bytes: int, stopped: BaseException | None) -> None:
        change: dict[str, object] = {
            "bytes": handed_bytes,
            "of": self.length_bytes,
            "complete": stopped is None,
        }
        reason = None if stopped is None else reason_of(stopped)
        draft = Draft("document.delivered", "info", reason, self.subject, change)
        await self.recorder.append_alone(self.principal.firm, draft, self.admission)


class Delivery(Response):
    """Sends a version or a part of it, its first segment already open.

    Args:
        handover: for the evidence of its end.
        pieces: what is sent.
        first: plaintext of the first segment that is needed.
        watch: ends it when the principal may no longer have it, or takes it too slowly.
    """

    def __init__(  # noqa: PLR0913 -- a response is made once, from all it needs
        self,
        handover: Handover,
        pieces: Pieces,
        first: bytes,
        *,
        status: int,
        headers: dict[str, str],
        watch: Watch,
    ) -> None:
        super().__init__(status_code=status, headers=headers)
        self._handover, self._pieces, self._first = handover, pieces, first
        self._watch = watch
        self._handed_bytes = 0
        self._held = ExitStack()

    def ends_with(self, held: ExitStack) -> None:
        """Close `held` when the delivery has ended, however it does."""
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        stopped: BaseException | None = None
        try:
            await under_watch(self._send(send), _await_departure(receive), self._watch.keep())
        except asyncio.CancelledError as cancelled:
            stopped = cancelled
            raise
        except Exception as error:  # noqa: BLE001 -- whatever it is, the answer ends here, short of its length
            stopped = error
        finally:
            with self._held:
                await whatever_happens(self._end(stopped))

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        ordinals = self._pieces.ordinals
        ahead: asyncio.Future[bytes] | None = None
        plaintext, self._first = self._first, b""
        try:
            for ordinal in ordinals:
                if ahead is not None:
                    plaintext = await ahead
                if ordinal + 1 in ordinals:
                    ahead = asyncio.ensure_future(self._pieces.plaintext(ordinal + 1))
                await self._send_segment(send, self._pieces.cut(ordinal, plaintext))
        finally:
            await end_all([ahead] if ahead is not None else [])
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_segment(self, send: Send, plaintext: memoryview) -> None:
        for start in range(0, len(plaintext), CHUNK_BYTES):
            chunk = plaintext[start : start + CHUNK_BYTES]
            with self._watch.pace.waiting():
                await send({"type": "http.response.body", "body": bytes(chunk), "more_body": True})
            self._watch.pace.moved(len(chunk))
            self._handed_bytes += len(chunk)

    async def _end(self, stopped: BaseException | None) -> None:
        try:
            if isinstance(stopped, Exception) and isinstance(problem_of(stopped), IntegrityFailure):
                _log.error("stored content is damaged", version=str(self._handover.subject.version))
                await self._handover.record_integrity()
            await self._handover.record_end(self._handed_bytes, stopped)
        except EvidenceUnavailable as unavailable:
            # The bytes are out, and their admission is on record; all that is left is to say so here.
            _log.error("end of a delivery not recorded", exc_info=unavailable)


async def _await_departure(receive: Receive) -> None:
    """Servers take what is sent to a client that has gone, and say nothing; only `receive` tells."""
    while (await receive())["type"] != "http.disconnect":
        pass
    raise ClientDisconnect
