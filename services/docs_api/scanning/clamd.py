"""A client of clamd: content goes to it as a stream (INSTREAM), and lies nowhere on the way.

The protocol is clamd(8)'s: `zINSTREAM` and NUL, chunks that each begin with their length in four bytes, most
significant first, a chunk of no length; then one answer that ends with NUL. clamd closes the connection after
each command. An answer may come before all was sent, and is listened for from the beginning.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from services.docs_api.transfers.watch import end_all
from services.kernel.scanner_settings import Clamd, ScannerSettings, parse_scanner

Result = Literal["clean", "infected", "too-large"]
CHUNK_BYTES = 256 * 1024
_CONNECT_SECONDS = 5.0
_ANSWER_LIMIT_BYTES = 4096
_KEPT_CHARACTERS = 200
_FOUND = re.compile(r"stream: (?P<signature>.+) FOUND")
_NO_MORE = re.compile(r"INSTREAM size limit exceeded\. ERROR")
_LIMITS = "Heuristics.Limits.Exceeded"
_ENGINE = re.compile(r"ClamAV [\x20-\x7e]+")
_UNSEEN = re.compile(r"[^\x20-\x7e]")


class ScannerError(Exception):
    """There is no verdict; the message says why, in a sentence that holds nothing of the content."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a scan came to, by which engine and signatures; `signature` is what it found."""

    result: Result
    engine: str | None = None
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class Scanner:
    """One clamd, and how long it is waited for."""

    place: Clamd
    stall_seconds: float
    all_seconds: float

    async def version(self) -> str:
        """The engine and its signatures, as it calls them (raises ScannerError)."""
        async with self._answering(_CONNECT_SECONDS), self._connected() as (reader, writer):
            writer.write(b"zVERSION\0")
            answer = await _answer(reader)
        if _ENGINE.fullmatch(answer) is None:
            raise ScannerError(f"The {self.place} does not say what it is.")
        return answer[:_KEPT_CHARACTERS]

    async def scan(self, pieces: AsyncIterator[bytes]) -> Finding:
        """What is found in the content.

        Raises:
            ScannerError: it does not answer, takes too long, or says what is no verdict.
            Exception: whatever `pieces` raises.
        """
        engine = await self.version()
        async with self._answering(self.all_seconds), self._connected() as (reader, writer):
            answering = asyncio.ensure_future(_answer(reader))
            try:
                await self._send(writer, pieces, answering)
                answer = await answering
            finally:
                await end_all([answering])
        return self._finding(answer, engine)

    def _finding(self, answer: str, engine: str) -> Finding:
        if answer == "stream: OK":
            return Finding("clean", engine)
        if _NO_MORE.fullmatch(answer):
            return Finding("too-large", engine)
        found = _FOUND.fullmatch(answer)
        if found is None:
            raise ScannerError(f"The {self.place} gave no verdict.")
        signature = _UNSEEN.sub("?", found["signature"])[:_KEPT_CHARACTERS]
        # What clamd says of content that it did not look through, if told to say so at all.
        return Finding("too-large" if signature.startswith(_LIMITS) else "infected", engine, signature)

    async def _send(
        self, writer: asyncio.StreamWriter, pieces: AsyncIterator[bytes], answering: asyncio.Future[str]
    ) -> None:
        """Send until all is sent, or an answer has come, or the connection has ended."""
        try:
            writer.write(b"zINSTREAM\0")
            async for piece in pieces:
                for chunk in _cut(piece):
                    if answering.done():
                        return
                    writer.write(len(chunk).to_bytes(4, "big"))
                    writer.write(chunk)
                    await self._drained(writer)
            writer.write(bytes(4))
            await self._drained(writer)
        except ConnectionError:
            return  # what it said before is in `answering`, and if nothing, that it ended
        except TimeoutError:
            if not answering.done():
                raise

    async def _drained(self, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(self.stall_seconds):
            await writer.drain()

    @asynccontextmanager
    async def _answering(self, seconds: float) -> AsyncIterator[None]:
        """Turns "it does not answer" into one error."""
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError as error:
            raise ScannerError(f"The {self.place} does not answer in time.") from error
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            raise ScannerError(f"The {self.place} gave no whole answer.") from error

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                reader, writer = await self._connect()
        except OSError as error:
            raise ScannerError(f"The {self.place} cannot be reached.") from error
        try:
            yield reader, writer
        finally:
            writer.transport.abort()  # whatever is left to send is of no use

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        place, limit = self.place, _ANSWER_LIMIT_BYTES
        if place.socket is not None:
            return await asyncio.open_unix_connection(str(place.socket), limit=limit)
        return await asyncio.open_connection(place.host, place.port, limit=limit)


def scanner_of(settings: ScannerSettings) -> Scanner | None:
    """The scanner that is configured; None if there is none."""
    place = parse_scanner(settings.scanner)
    if place is None:
        return None
    return Scanner(place, settings.scan_stall_seconds, settings.scan_seconds)


async def _answer(reader: asyncio.StreamReader) -> str:
    try:
        answer = await reader.readuntil(b"\0")
    except ConnectionError as error:
        raise asyncio.IncompleteReadError(b"", None) from error
    return answer[:-1].decode("ascii", "replace")


def _cut(piece: bytes) -> Iterator[memoryview]:
    view = memoryview(piece)
    for start in range(0, len(view), CHUNK_BYTES):
        yield view[start : start + CHUNK_BYTES]
