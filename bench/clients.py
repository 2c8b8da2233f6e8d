"""Clients that cost little, so that they do not hide what is measured: TLS sockets, and nothing about HTTP
that the answers measured here do not need."""

import asyncio
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import uvloop

from bench.measuring import MIB

_PIECE = memoryview(bytes(MIB))
_HEAD_END = b"\r\n\r\n"


class AnswerError(Exception):
    """The answer is not the one that was measured for."""


@dataclass(frozen=True)
class Place:
    """A server on this machine. `headers`: lines of every request, each with its end."""

    port: int
    ca: Path
    headers: str = ""

    def request(self, method: str, target: str, length: int | None = None, *lines: str) -> bytes:
        sized = (
            () if length is None else (f"Content-Length: {length}", "Content-Type: application/octet-stream")
        )
        head = "\r\n".join((f"{method} {target} HTTP/1.1", f"Host: localhost:{self.port}", *sized, *lines))
        return f"{head}\r\n{self.headers}\r\n".encode()

    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.ca))


@contextmanager
def connected(place: Place) -> Iterator[ssl.SSLSocket]:
    with socket.create_connection(("localhost", place.port), 600) as bare:
        bare.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with place.context().wrap_socket(bare, server_hostname="localhost") as secured:
            yield secured


def put(place: Place, target: str, size: int) -> float:
    """Seconds that `size` bytes take, from the first byte of the request to the last of the answer."""
    with connected(place) as line:
        begun = time.perf_counter()
        line.sendall(place.request("PUT", target, size))
        for _ in range(size // MIB):
            line.sendall(_PIECE)
        line.sendall(_PIECE[: size % MIB])
        _status(_head(line)[0])
        return time.perf_counter() - begun


def get(place: Place, target: str, size: int, *lines: str) -> tuple[float, float]:
    """Seconds until the first byte of content, and until the last."""
    with connected(place) as line:
        begun = time.perf_counter()
        line.sendall(place.request("GET", target, None, *lines))
        head, came = _head(line)
        _status(head)
        first, left, buffer = time.perf_counter() - begun, size - len(came), bytearray(256 * 1024)
        while left > 0 and (count := line.recv_into(buffer)):
            left -= count
        if left:
            raise AnswerError(f"{left} bytes of {size} did not come")
        return first, time.perf_counter() - begun


def _head(line: ssl.SSLSocket) -> tuple[bytes, bytes]:
    came = b""
    while _HEAD_END not in came:
        more = line.recv(65536)
        if not more:
            raise AnswerError(f"the connection ended in the head: {came!r}")
        came += more
    head, _, content = came.partition(_HEAD_END)
    return head, content


def _status(head: bytes) -> None:
    if not head.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 206 ")):
        raise AnswerError(head.decode(errors="replace"))


@dataclass(frozen=True)
class Rate:
    """What many connections got: requests a second, and seconds of one request."""

    per_second: float
    p50: float
    p99: float


def ask_again_and_again(place: Place, target: str, connections: int, seconds: float) -> Rate:
    """GET over kept connections, each asking as soon as it was answered."""
    took = sorted(uvloop.run(_load(place, place.request("GET", target), connections, seconds)))
    return Rate(len(took) / seconds, took[len(took) // 2], took[int(len(took) * 0.99)])


async def _load(place: Place, request: bytes, connections: int, seconds: float) -> list[float]:
    loop, context = asyncio.get_running_loop(), place.context()
    took: list[float] = []
    until = loop.time() + seconds
    asking: list[_Asking] = []
    for _ in range(connections):
        _, protocol = await loop.create_connection(
            lambda: _Asking(request, until, took.append), "localhost", place.port, ssl=context
        )
        asking.append(protocol)
    await asyncio.gather(*(protocol.ended for protocol in asking))
    return took


class _Asking(asyncio.Protocol):
    """One connection: ask, wait for the whole answer, ask again until the time is over."""

    def __init__(self, request: bytes, until: float, note: Callable[[float], None]) -> None:
        self._request, self._until, self._note = request, until, note
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self._head = b""
        self._left = -1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own, which is no subclass
        self._ask()

    def _ask(self) -> None:
        self._head, self._left, self._begun = b"", -1, self._loop.time()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if self._left < 0:
            self._head += data
            head, separator, content = self._head.partition(_HEAD_END)
            if not separator:
                return
            if not head.startswith(b"HTTP/1.1 200 "):
                self._end(AnswerError(head.decode(errors="replace")))
                return
            lower = head.lower()
            place = lower.index(b"content-length:") + len(b"content-length:")
            self._left = int(lower[place:].split(b"\r\n", 1)[0])
            data = content
        self._left -= len(data)
        if self._left == 0:
            self._answered()

    def _answered(self) -> None:
        now = self._loop.time()
        if now < self._until:
            self._note(now - self._begun)
            self._ask()
        else:
            self._end(None)

    def _end(self, error: Exception | None) -> None:
        self._transport.close()
        if not self.ended.done():
            self.ended.set_result(None) if error is None else self.ended.set_exception(error)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc or AnswerError("the connection ended"))
