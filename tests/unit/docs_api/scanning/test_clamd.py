"""The client of clamd against servers that answer as clamd does, and as nothing should."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from services.docs_api.scanning.clamd import CHUNK_BYTES, Finding, Scanner, ScannerError
from services.kernel.scanner_settings import Clamd

ENGINE = "ClamAV 1.0.7/27000/Mon Jan  5 09:00:00 2026"
VERSION = ENGINE.encode() + b"\0"
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def pieces(*contents: bytes) -> AsyncIterator[bytes]:
    for content in contents:
        yield content


async def read_stream(reader: asyncio.StreamReader) -> bytes:
    """What came by INSTREAM, its command read already."""
    content = b""
    while length := int.from_bytes(await reader.readexactly(4), "big"):
        assert length <= CHUNK_BYTES
        content += await reader.readexactly(length)
    return content


def answering(answer: bytes, *, reads: bool = True) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if reads:
            await read_stream(reader)
        writer.write(answer)

    return serve


@asynccontextmanager
async def scanner(
    folder: Path, scan: Serve, version: bytes = ENGINE.encode() + b"\0"
) -> AsyncIterator[Scanner]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            command = await reader.readuntil(b"\0")
            if command == b"zVERSION\0":
                writer.write(version)
            else:
                assert command == b"zINSTREAM\0"
                await scan(reader, writer)
            await writer.drain()
        except ConnectionError:
            pass  # the client has heard enough
        finally:
            writer.close()

    path = folder / "clamd.sock"
    server = await asyncio.start_unix_server(serve, str(path))
    try:
        yield Scanner(Clamd(path), stall_seconds=5, all_seconds=10)
    finally:
        server.close()


@pytest.mark.parametrize(
    ("answer", "finding"),
    [
        (b"stream: OK\0", Finding("clean", ENGINE)),
        (b"stream: Eicar-Signature FOUND\0", Finding("infected", ENGINE, "Eicar-Signature")),
        (b"stream: Bad\x07\xff FOUND\0", Finding("infected", ENGINE, "Bad??")),
        (b"INSTREAM size limit exceeded. ERROR\0", Finding("too-large", ENGINE)),
        (
            b"stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND\0",
            Finding("too-large", ENGINE, "Heuristics.Limits.Exceeded.MaxFileSize"),
        ),
    ],
)
async def test_answers(tmp_path: Path, answer: bytes, finding: Finding) -> None:
    async with scanner(tmp_path, answering(answer)) as asked:
        assert await asked.scan(pieces(b"some", b"content")) == finding


async def test_it_sends_all_of_it_in_chunks(tmp_path: Path) -> None:
    heard = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await read_stream(reader))
        writer.write(b"stream: OK\0")

    sent = [b"a" * (2 * CHUNK_BYTES + 1), b"", b"b"]
    async with scanner(tmp_path, serve) as asked:
        await asked.scan(pieces(*sent))
    assert heard == [b"".join(sent)]


async def test_an_answer_may_come_before_all_was_sent(tmp_path: Path) -> None:
    limit = answering(b"INSTREAM size limit exceeded. ERROR\0", reads=False)
    async with scanner(tmp_path, limit) as asked:
        content = [b"a" * CHUNK_BYTES] * 64
        assert (await asked.scan(pieces(*content))).result == "too-large"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"stream: OK",
        b"stream: OK\n\0",
        b"OK\0",
        b"stream: Can't allocate memory ERROR\0",
        b"\0",
        b"stream: FOUND\0",
        b"HTTP/1.1 400 Bad Request\r\n\r\n\0",
        b"stream: OK " * 10_000,
    ],
)
async def test_what_is_no_verdict_is_none(tmp_path: Path, answer: bytes) -> None:
    async with scanner(tmp_path, answering(answer)) as asked:
        with pytest.raises(ScannerError):
            await asked.scan(pieces(b"content"))


@pytest.mark.parametrize("version", [b"", b"PONG\0", b"ClamAV " + b"x" * 10_000, b"ClamAV \xff\0"])
async def test_who_does_not_say_what_it_is_gets_nothing(tmp_path: Path, version: bytes) -> None:
    async def serve(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        pytest.fail("it was sent content")

    async with scanner(tmp_path, serve, version) as asked:
        with pytest.raises(ScannerError):
            await asked.scan(pieces(b"content"))


@pytest.mark.parametrize("reads", [True, False])
async def test_silence_ends(tmp_path: Path, reads: bool) -> None:  # noqa: FBT001 -- a parameter
    over = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        if reads:
            await read_stream(reader)
        await over.wait()

    async with scanner(tmp_path, serve) as asked:
        impatient = Scanner(asked.place, stall_seconds=0.1, all_seconds=0.3)
        with pytest.raises(ScannerError, match="in time"):
            await impatient.scan(pieces(*[b"a" * CHUNK_BYTES] * 64))
        over.set()


async def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(ScannerError, match="cannot be reached"):
        await Scanner(Clamd(tmp_path / "none.sock"), 1, 1).scan(pieces(b"content"))


async def test_what_fails_while_it_is_read_is_not_the_scanners_fault(tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"a"
        raise LookupError

    async with scanner(tmp_path, answering(b"stream: OK\0")) as asked:
        with pytest.raises(LookupError):
            await asked.scan(broken())
