import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from starlette.types import Message, Receive, Scope, Send

from services.host import protocol
from services.host.connections import ConnectionCounts
from services.host.server import Endpoint, LimitedServer

Exchange = Callable[[bytes], Awaitable[bytes]]
HOST = b"Host: localhost\r\n"
LAST = b"Connection: close\r\n"


class Recorder:
    """An application that notes what reached it; `/early` is answered before its body is read."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, bytes]] = []
        self.disconnected = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        message: Message = {"more_body": scope["path"] != "/early"}
        while message.get("more_body"):
            message = await receive()
            body += message.get("body", b"")
        if message.get("type") == "http.disconnect":
            self.disconnected.set()
            return
        self.requests.append((scope["path"], body))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def app() -> Recorder:
    return Recorder()


@pytest.fixture
def counts() -> ConnectionCounts:
    return ConnectionCounts(total=3, per_address=3)


@pytest.fixture
async def port(app: Recorder, counts: ConnectionCounts) -> AsyncIterator[int]:
    listening = socket.create_server(("127.0.0.1", 0))
    server = LimitedServer(
        Endpoint(app, [listening], lifespan=False, counts=counts, public_url="https://localhost")
    )
    await server.begin()
    yield listening.getsockname()[1]
    await server.shutdown([listening])


@pytest.fixture
def exchange(port: int) -> Exchange:
    async def send_and_read_to_the_end(data: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(data)
            return await asyncio.wait_for(reader.read(), 10)
        except ConnectionResetError:
            return b""
        finally:
            writer.transport.abort()

    return send_and_read_to_the_end


def problem(answer: bytes) -> tuple[int, str]:
    """Status and slug of an answer that must be exactly one problem, dressed as every answer is."""
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode().lower().split("\r\n")
    assert "content-type: application/problem+json" in lines
    assert "connection: close" in lines
    assert "x-content-type-options: nosniff" in lines
    assert any(line.startswith("strict-transport-security: max-age=") for line in lines)
    assert not any(line.startswith("server:") for line in lines)
    document = json.loads(body)
    assert document["status"] == int(lines[0].split()[1])
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", document["instance"])
    return document["status"], document["type"].rpartition("/")[2]


async def test_an_ordinary_request_is_served_without_a_server_header(exchange: Exchange) -> None:
    answer = await exchange(b"GET /a HTTP/1.1\r\n" + HOST + LAST + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b"server:" not in answer.lower()


async def test_requests_on_one_connection_are_answered_in_order(exchange: Exchange, app: Recorder) -> None:
    answer = await exchange(
        b"POST /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        b"GET /b HTTP/1.1\r\n" + HOST + LAST + b"\r\n"
    )
    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert app.requests == [("/a", b"abc"), ("/b", b"")]


MALFORMED = {
    "length and coding": b"POST / HTTP/1.1\r\n"
    + HOST
    + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    "coding twice": b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n",
    "coding disguised": b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: xchunked\r\n\r\n",
    "coding in 1.0": b"POST / HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n",
    "length twice": b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n" * 2 + b"\r\n",
    "length negative": b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: -5\r\n\r\n",
    "bare line feeds": b"GET / HTTP/1.1\nHost: localhost\n\n",
    "folded header": b"GET / HTTP/1.1\r\n" + HOST + b"X: a\r\n b\r\n\r\n",
    "space before colon": b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
    "NUL in value": b"GET / HTTP/1.1\r\n" + HOST + b"X: a\0b\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "host twice": b"GET / HTTP/1.1\r\n" + HOST * 2 + b"\r\n",
    "absolute target": b"GET http://localhost/ HTTP/1.1\r\n" + HOST + b"\r\n",
    "fragment": b"GET /a#b HTTP/1.1\r\n" + HOST + b"\r\n",
    "tunnel": b"CONNECT localhost:80 HTTP/1.1\r\n" + HOST + b"\r\n",
    "upgrade": b"GET / HTTP/1.1\r\n" + HOST + b"Connection: upgrade\r\nUpgrade: h2c\r\n\r\n",
    "other version": b"GET / HTTP/2.0\r\n" + HOST + b"\r\n",
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS to a plain port": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "no HTTP": b"hello\r\n\r\n",
}
SMUGGLED = b"GET /smuggled HTTP/1.1\r\n" + HOST + b"\r\n"


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED.keys())
async def test_a_malformed_head_is_one_problem_and_the_end(
    exchange: Exchange, app: Recorder, data: bytes
) -> None:
    assert problem(await exchange(data + SMUGGLED)) == (400, "malformed-request")
    assert app.requests == []


@pytest.mark.parametrize(
    "body",
    [
        b"3;x=" + b"y" * 200_000 + b"\r\nabc\r\n0\r\n\r\n",
        b"1\r\nx\r\n" * 10 + b"zz\r\n",
        b"3\r\nabcd\r\n0\r\n\r\n",
        b"3\nabc\n0\n\n",
        b"3\r\nabc\r\n0\r\nRedwell-Principal: root\r\n\r\n",
        b"ffffffffffffffff0\r\n",
    ],
    ids=["huge extension", "no size", "size wrong", "line feeds", "trailer", "size overflow"],
)
async def test_malformed_chunks_end_the_request_unserved(
    exchange: Exchange, app: Recorder, body: bytes
) -> None:
    data = b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n" + body
    assert problem(await exchange(data + SMUGGLED)) == (400, "malformed-request")
    assert app.requests == []


async def test_nothing_after_the_last_request_is_served(exchange: Exchange, app: Recorder) -> None:
    answer = await exchange(b"GET /a HTTP/1.1\r\n" + HOST + LAST + b"\r\n" + SMUGGLED)
    assert answer.count(b"HTTP/1.1") == 1
    assert app.requests == [("/a", b"")]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"GET /" + b"a" * 2048 + b" HTTP/1.1\r\n" + HOST + b"\r\n", (414, "url-too-long")),
        (b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\n" * 100 + b"\r\n", (431, "headers-too-large")),
        (b"GET / HTTP/1.1\r\n" + HOST + b"A: " + b"b" * 16384 + b"\r\n\r\n", (431, "headers-too-large")),
        (b"GET / HTTP/1.1\r\n" + HOST + b"A: " + b"b" * 100_000, (431, "headers-too-large")),
        (b"GET / HTTP/1.1\r\n" + HOST + b"a" * 100_000, (431, "headers-too-large")),
        (b"GET /" + b"a" * 100_000, (414, "url-too-long")),
    ],
    ids=["target", "count", "size", "unfinished value", "unfinished name", "unfinished target"],
)
async def test_too_large_a_head_is_refused(
    exchange: Exchange, app: Recorder, data: bytes, expected: tuple[int, str]
) -> None:
    assert problem(await exchange(data)) == expected
    assert app.requests == []


async def test_the_largest_heads_and_small_chunks_are_served(exchange: Exchange, app: Recorder) -> None:
    url = b"/" + b"a" * 2047
    headers = HOST + LAST + b"A: b\r\n" * 97 + b"Transfer-Encoding: chunked\r\n"
    chunks = b"1\r\nx\r\n" * 20_000
    answer = await exchange(b"POST " + url + b" HTTP/1.1\r\n" + headers + b"\r\n" + chunks + b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert app.requests == [(url.decode(), b"x" * 20_000)]


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n" + HOST, b"G"])
async def test_an_unfinished_head_is_refused_at_its_deadline(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.1)
    assert problem(await exchange(data)) == (408, "request-timeout")


@pytest.mark.parametrize("data", [b"", b"\r\n"])
async def test_a_connection_without_a_request_is_closed_silently(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.1)
    assert await exchange(data) == b""


async def test_a_body_that_stops_is_refused_and_the_application_told(
    exchange: Exchange, app: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "PROGRESS_SECONDS", 0.1)
    data = b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1000000\r\n\r\n" + b"x" * 2000
    assert problem(await exchange(data)) == (408, "request-timeout")
    await asyncio.wait_for(app.disconnected.wait(), 5)
    assert app.requests == []


async def test_the_rest_of_a_body_answered_early_is_not_taken_forever(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "LINGER_SECONDS", 0.1)
    data = b"POST /early HTTP/1.1\r\n" + HOST + b"Content-Length: 1000000\r\n\r\n" + b"x" * 2000
    answer = await exchange(data)
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.count(b"HTTP/1.1") == 1


async def test_connections_past_the_limit_are_dropped_and_room_is_made_again(
    exchange: Exchange, port: int, counts: ConnectionCounts
) -> None:
    request = b"GET /a HTTP/1.1\r\n" + HOST + LAST + b"\r\n"
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
    assert await exchange(request) == b""
    for _, writer in opened:
        writer.write(request)
    for reader, writer in opened:
        assert (await reader.read()).startswith(b"HTTP/1.1 200 OK")
        writer.close()
    assert (await exchange(request)).startswith(b"HTTP/1.1 200 OK")
    assert counts.enter("127.0.0.1")
