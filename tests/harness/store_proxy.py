"""An HTTP proxy between boto3 and the S3 server, that breaks what it is told to break.

A fault is a function of one `Exchange`: it forwards the request, or answers itself, or does neither.
"""

import contextlib
import http.client
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

_BETWEEN_BYTES_SECONDS = 0.2


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Exchange:
    """One request on its way. `body` and `headers` may be changed before `forward`."""

    handler: BaseHTTPRequestHandler
    upstream: str
    released: threading.Event
    body: bytes

    @property
    def method(self) -> str:
        return self.handler.command

    @property
    def path(self) -> str:
        return self.handler.path

    def forward(self) -> Answer:
        connection = http.client.HTTPConnection(self.upstream, timeout=60)
        try:
            connection.putrequest(self.method, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.handler.headers.items():
                connection.putheader(name, value)
            connection.endheaders(self.body)
            told = connection.getresponse()
            kept = {
                name: value
                for name, value in told.getheaders()
                if name.lower() not in {"transfer-encoding", "connection", "content-length"}
            }
            length = told.getheader("Content-Length")
            body = told.read()
            # A HEAD tells the length of what it does not send.
            kept["Content-Length"] = (length or "0") if self.method == "HEAD" else str(len(body))
            return Answer(told.status, kept, body)
        finally:
            connection.close()

    def reply(self, answer: Answer, write: "Callable[[Any, bytes], None] | None" = None) -> None:
        self.handler.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.handler.send_header(name, value)
        self.handler.end_headers()
        if self.method != "HEAD":
            (write or _write)(self.handler.wfile, answer.body)

    def reset(self) -> None:
        """End the connection as a crash would: no farewell, a reset."""
        connection = self.handler.connection
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.handler.close_connection = True
        self.handler.wfile.close()
        self.handler.rfile.close()
        connection.close()


Fault = Callable[[Exchange], None]


def _write(stream: Any, body: bytes) -> None:
    stream.write(body)


def passed_on(exchange: Exchange) -> None:
    exchange.reply(exchange.forward())


def refused_with(status: int, code: str, **headers: str) -> Fault:
    body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>no</Message></Error>'.encode()

    def fault(exchange: Exchange) -> None:
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        told |= {"Content-Type": "application/xml", "Content-Length": str(len(body))}
        exchange.reply(Answer(status, told, body))

    return fault


def stalled(exchange: Exchange) -> None:
    """Take the request and say nothing more."""
    exchange.released.wait(60)
    exchange.reset()


def reset(exchange: Exchange) -> None:
    exchange.reset()


def answer_lost(exchange: Exchange) -> None:
    """The server did it, and nobody hears of it."""
    exchange.forward()
    exchange.reset()


def body_altered(exchange: Exchange) -> None:
    exchange.body = _flipped(exchange.body)
    passed_on(exchange)


def answer_altered(exchange: Exchange) -> None:
    answer = exchange.forward()
    answer.body = _flipped(answer.body)
    exchange.reply(answer)


def answer_cut(exchange: Exchange) -> None:
    """Half of the body that the header has announced."""
    exchange.reply(exchange.forward(), lambda stream, body: stream.write(body[: len(body) // 2]))
    exchange.reset()


def answer_trickling(exchange: Exchange) -> None:
    """A byte now and then: never so long a silence that a socket's time-out would end it."""

    def trickle(stream: Any, body: bytes) -> None:
        for position in range(len(body)):
            stream.write(body[position : position + 1])
            stream.flush()
            if exchange.released.wait(_BETWEEN_BYTES_SECONDS):
                return

    with contextlib.suppress(OSError):
        exchange.reply(exchange.forward(), trickle)
    exchange.reset()


def with_headers(**headers: str) -> Fault:
    """The server's own answer, with these headers; an empty one takes the header away."""

    def fault(exchange: Exchange) -> None:
        answer = exchange.forward()
        for name, value in headers.items():
            spelled = name.replace("_", "-")
            answer.headers = {
                key: kept for key, kept in answer.headers.items() if key.lower() != spelled.lower()
            }
            if value:
                answer.headers[spelled] = value
        exchange.reply(answer)

    return fault


def answered_as_before(answer: Answer) -> Fault:
    return lambda exchange: exchange.reply(answer)


def _flipped(body: bytes) -> bytes:
    middle = len(body) // 2
    return body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]


@dataclass
class Kept:
    """An answer of the server's, once it has come."""

    answers: list[Answer] = field(default_factory=list)

    def there(self) -> bool:
        return bool(self.answers)

    @property
    def answer(self) -> Answer:
        return self.answers[0]


@dataclass
class StoreProxy:
    """`on` sets a fault; `seen` is what has come, as (method, path)."""

    upstream: str
    seen: list[tuple[str, str]] = field(default_factory=list)
    endpoint: str = ""

    def __post_init__(self) -> None:
        self._faults: list[tuple[str, str, Fault, list[None]]] = []
        self._lock = threading.Lock()
        self.released = threading.Event()

    def on(self, method: str, fault: Fault, *, path: str = "", times: int = 1_000_000) -> None:
        """Do `fault` to requests of `method` whose path contains `path`, so many times."""
        with self._lock:
            self._faults.append((method, path, fault, [None] * times))

    def mend(self) -> None:
        """No more faults, and what was stalled ends."""
        with self._lock:
            self._faults.clear()
        self.released.set()
        self.released = threading.Event()

    def take(self, method: str, path: str) -> Fault:
        with self._lock:
            self.seen.append((method, path))
            for wanted, part, fault, left in self._faults:
                if wanted == method and part in path and left:
                    left.pop()
                    return fault
        return passed_on

    def kept_answer(self, method: str, path: str = "") -> "Kept":
        """Keep the server's next answer to `method`."""
        kept = Kept()

        def fault(exchange: Exchange) -> None:
            answer = exchange.forward()
            kept.answers.append(answer)
            exchange.reply(answer)

        self.on(method, fault, path=path, times=1)
        return kept

    def count(self, method: str) -> int:
        return [seen for seen, _ in self.seen].count(method)


@contextlib.contextmanager
def running_proxy(endpoint: str, tls: ssl.SSLContext | None = None) -> Iterator[StoreProxy]:
    """A proxy to `endpoint`; with `tls`, behind a certificate."""
    proxy = StoreProxy(urlsplit(endpoint).netloc)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _exchange(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            proxy.take(self.command, self.path)(Exchange(self, proxy.upstream, proxy.released, body))

        do_GET = do_PUT = do_HEAD = do_DELETE = _exchange  # noqa: N815 -- the names the base class asks for

        def log_message(self, *_: object) -> None:
            pass

    server = _Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    proxy.endpoint = f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}"
    try:
        yield proxy
    finally:
        proxy.mend()
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """A client that went away is what these tests are about."""
