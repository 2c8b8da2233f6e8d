"""The answer to a fetch: it opens one segment ahead of what it sends.

Its Content-Length is the pinned length, or that of the range that was asked for, and a segment is opened
whole before a byte of it goes out; so whatever stops it leaves the answer visibly incomplete. Of a range,
only the segments that it touches are opened. Its end is always an event: how many bytes were handed over, of
how many, and why no more.
"""

import asyncio
from dataclasses import dataclass

from starlette.types import Send

from services.docs_api.transfers.errors import IntegrityFailure
from services.docs_api.transfers.failures import problem_of, reason_of
from services.docs_api.transfers.opening import Pieces
from services.docs_api.transfers.outgoing import CHUNK_BYTES, Outgoing
from services.docs_api.transfers.watch import Watch, end_all
from services.evidence.event import Draft, Event, Subject
from services.evidence.recorder import Recorder
from services.kernel.logs import logger
from services.kernel.principal import Admission, Principal

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


class Delivery(Outgoing):
    """Sends a version or a part of it, its first segment already open.

    Args:
        handover: for the evidence of its end.
        pieces: what is sent.
        first: plaintext of the first segment that is needed.
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
        super().__init__(status=status, headers=headers, watch=watch)
        self._handover, self._pieces, self._first = handover, pieces, first
        self._handed_bytes = 0

    async def _body(self, send: Send) -> None:
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

    async def _send_segment(self, send: Send, plaintext: memoryview) -> None:
        for start in range(0, len(plaintext), CHUNK_BYTES):
            chunk = plaintext[start : start + CHUNK_BYTES]
            await self._give(send, bytes(chunk))
            self._handed_bytes += len(chunk)

    async def _record_end(self, stopped: BaseException | None) -> None:
        if isinstance(stopped, Exception) and isinstance(problem_of(stopped), IntegrityFailure):
            _log.error("stored content is damaged", version=str(self._handover.subject.version))
            await self._handover.record_integrity()
        await self._handover.record_end(self._handed_bytes, stopped)
