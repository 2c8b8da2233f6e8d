"""An archive on its way out: every segment opened and verified before a byte of it goes.

Whatever stops it leaves it shorter than announced and without the end that a ZIP archive is read from.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from zlib import crc32

from starlette.types import Send

from services.docs_api.archives.contents import Archive
from services.docs_api.archives.evidence import Witness
from services.docs_api.archives.zip64 import descriptor, header
from services.docs_api.transfers.errors import IntegrityFailure
from services.docs_api.transfers.failures import problem_of
from services.docs_api.transfers.outgoing import CHUNK_BYTES, Outgoing
from services.docs_api.transfers.watch import Watch, end_all
from services.docs_api.vault import Vault
from services.evidence.event import Event
from services.kernel.logs import logger

_log = logger("docs")


@dataclass(frozen=True, slots=True)
class Piece:
    """A segment of the document of this number, in plaintext. An empty document has one empty piece."""

    number: int
    first: bool
    last: bool
    plaintext: bytes


class Reading:
    """Opens an archive's contents, one segment after the other; `number` is the document it is at."""

    def __init__(self, vault: Vault, archive: Archive) -> None:
        self.number = 0
        self._vault, self._archive = vault, archive
        self._pieces = self._all()

    async def next(self) -> Piece | None:
        """The next piece; None at the end.

        Raises:
            SealError, KeysError, IntegrityFailure, ObjectMissingError: it is not what was stored.
            StoreError: the store did not answer.
        """
        return await anext(self._pieces, None)

    async def _all(self) -> AsyncIterator[Piece]:
        for number, content in enumerate(self._archive.contents):
            self.number = number
            version = await content.open(self._vault)
            last = len(version.segments) - 1
            if last < 0:
                yield Piece(number, first=True, last=True, plaintext=b"")
            for ordinal in range(last + 1):
                plaintext = await version.plaintext(ordinal)
                yield Piece(number, ordinal == 0, ordinal == last, plaintext)


class ArchiveDelivery(Outgoing):
    """Sends an archive; `prepare` it first."""

    def __init__(
        self, witness: Witness, archive: Archive, reading: Reading, *, headers: dict[str, str], watch: Watch
    ) -> None:
        super().__init__(status=200, headers=headers, watch=watch)
        self._witness, self._archive, self._reading = witness, archive, reading
        self._first: Piece | None = None
        self._handed = [0] * len(archive.contents)
        self._handed_bytes = 0
        self._checksums = [0] * len(archive.layout.entries)
        self._frame = bytearray()  # of the archive, waiting to go out with the content that follows it

    async def prepare(self) -> None:
        """Open the first piece (raises as `Reading.next` does)."""
        self._first = await self._reading.next()

    async def end(self, stopped: BaseException) -> Event | None:
        """Record that it ended before it began; the integrity event, if that is why."""
        return await self._record_why(stopped)

    async def _body(self, send: Send) -> None:
        piece, self._first = self._first, None
        ahead: asyncio.Future[Piece | None] | None = None
        try:
            while piece is not None:
                ahead = asyncio.ensure_future(self._reading.next())
                await self._send_piece(send, piece)
                piece = await ahead
        finally:
            await end_all([ahead] if ahead is not None else [])
        await self._send_rest(send)

    async def _send_piece(self, send: Send, piece: Piece) -> None:
        entry = self._archive.layout.entries[piece.number]
        if piece.first:
            self._frame += header(entry)
        view = memoryview(piece.plaintext)
        for start in range(0, len(view), CHUNK_BYTES):
            chunk = view[start : start + CHUNK_BYTES]
            self._checksums[piece.number] = crc32(chunk, self._checksums[piece.number])
            await self._give_all(send, chunk)
            self._handed[piece.number] += len(chunk)
        if piece.last:
            self._frame += descriptor(entry, self._checksums[piece.number])
        if len(self._frame) >= CHUNK_BYTES:  # of very many empty documents
            await self._send_frame(send)

    async def _send_rest(self, send: Send) -> None:
        """The manifest, the central directory and the archive's end."""
        entry, manifest = self._archive.layout.entries[-1], self._archive.manifest
        self._checksums[-1] = crc32(manifest)
        self._frame += header(entry) + manifest + descriptor(entry, self._checksums[-1])
        for part in self._archive.layout.closing(self._checksums):
            self._frame += part
        await self._send_frame(send)

    async def _send_frame(self, send: Send) -> None:
        waiting = bytes(self._frame)
        self._frame.clear()
        for start in range(0, len(waiting), CHUNK_BYTES):
            await self._give_all(send, memoryview(waiting)[start : start + CHUNK_BYTES])

    async def _give_all(self, send: Send, chunk: memoryview) -> None:
        """Hand over `chunk` behind what of the frame waits."""
        whole = bytes(self._frame) + chunk if self._frame else bytes(chunk)
        self._frame.clear()
        await self._give(send, whole)
        self._handed_bytes += len(whole)

    async def _record_end(self, stopped: BaseException | None) -> None:
        await self._record_why(stopped)

    async def _record_why(self, stopped: BaseException | None) -> Event | None:
        event = None
        if isinstance(stopped, Exception) and isinstance(problem_of(stopped), IntegrityFailure):
            content = self._archive.contents[self._reading.number]
            _log.error("stored content is damaged", version=str(content.subject.version))
            event = await self._witness.integrity(content)
        await self._witness.ended(self._archive, self._handed, self._handed_bytes, stopped)
        return event
