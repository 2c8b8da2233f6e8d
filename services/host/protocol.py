"""uvicorn's httptools protocol with the limits it lacks: sizes, deadlines, strict framing, problem answers.

Refusals made here happen before a request exists, so the connection always ends with them.
"""

import asyncio
import contextlib
import http
import socket
import struct
import uuid
from collections.abc import Callable
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from services.host import framing
from services.host.connections import LimitedServerState
from services.host.errors import HeadersTooLarge, MalformedRequest, RequestTimeout
from services.kernel.http.abort import EXTENSION
from services.kernel.http.admission import SAFE_HEADERS
from services.kernel.problems import PROBLEM_TYPE, RedwellError, problem_body

HEAD_SECONDS = 10.0
PROGRESS_SECONDS = 10.0
SLOWEST_BODY_BYTES_PER_SECOND = 1024
# Bytes that are neither target, headers nor body: frames of chunks, their extensions, an unfinished head.
# Honest chunks are large; one byte a chunk costs five.
UNEXPLAINED_BYTES = framing.MAX_URL_BYTES + framing.MAX_HEADER_BYTES
UNEXPLAINED_PER_BODY_BYTE = 8
# How long bytes are still taken, and thrown away, after their answer was given.
LINGER_SECONDS = 2.0
# How much of an answer may wait here for the client; one write more than that is taken.
WRITE_BUFFER_BYTES = 64 * 1024


class LimitedProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(
        self,
        config: Config,
        server_state: LimitedServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._counts = server_state.counts
        self._counted_address: str | None = None
        self._refusal: RedwellError | None = None
        self._closed_by_refusal = False
        self._last_message = False
        self._in_head = False
        self._in_body = False
        self._header_count = 0
        self._header_bytes = 0
        self._explained_bytes = 0
        self._unexplained_bytes = 0
        self._body_bytes = 0
        self._timer: asyncio.TimerHandle | None = None

    # Connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        address = self.client[0] if self.client else ""
        if self._counts.enter(address):
            self._counted_address = address
            self._await_head()
        else:
            self._closed_by_refusal = True
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        if self._counted_address is not None:
            self._counts.leave(self._counted_address)
            self._counted_address = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._closed_by_refusal or self._last_message:
            return
        if self._timer is None and not self._in_body:
            self._await_head()
        self._explained_bytes = 0
        super().data_received(data)
        self._unexplained_bytes += len(data) - self._explained_bytes
        if self._closed_by_refusal:
            return
        if not (self._in_head or self._in_body):
            self._unexplained_bytes = 0
            if self._answer_pending():
                # Some clients end a request with a line too many; that is not a late next request.
                self._stop_timer()
        elif self._unexplained_bytes > UNEXPLAINED_BYTES + UNEXPLAINED_PER_BODY_BYTE * self._body_bytes:
            self._refuse(HeadersTooLarge() if self._in_head else MalformedRequest())

    # Parser

    def on_message_begin(self) -> None:
        if self._last_message:
            raise MalformedRequest
        self._in_head = True
        self._header_count = self._header_bytes = self._body_bytes = 0
        self._await_head()
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._explained_bytes += len(url)
        self._guard(lambda: framing.check_url_size(len(self.url)))

    def on_header(self, name: bytes, value: bytes) -> None:
        # A trailer would join the headers after they were judged.
        self._guard(self._only_in_head)
        size = framing.header_bytes(name, value)
        self._explained_bytes += size
        self._header_count += 1
        self._header_bytes += size
        self._guard(lambda: framing.check_headers_size(self._header_count, self._header_bytes))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self.scope["extensions"] = {EXTENSION: {"abort": self._abort}}
        head = framing.RequestHead(
            self.parser.get_method().decode("ascii"), self.url, self.parser.get_http_version(), self.headers
        )
        self._guard(lambda: framing.check_head(head))
        self._in_head, self._in_body = False, True
        self._await_body()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._explained_bytes += len(body)
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_body = False
        self._last_message = not self.parser.should_keep_alive()
        self._stop_timer()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._in_body and not self.pipeline:
            self._linger()

    # Deadlines

    def _await_head(self) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(HEAD_SECONDS, self._refuse_slow)

    def _await_body(self) -> None:
        self._stop_timer()
        received = self._body_bytes
        self._timer = self.loop.call_later(PROGRESS_SECONDS, self._check_progress, received)

    def _check_progress(self, received: int) -> None:
        """The body must go on, except while it is we who do not read, or have not said 100 Continue."""
        ours = self.flow.read_paused or self.cycle.waiting_for_100_continue
        if not ours and self._body_bytes - received < SLOWEST_BODY_BYTES_PER_SECOND * PROGRESS_SECONDS:
            self._refuse_slow()
        else:
            self._await_body()

    def _refuse_slow(self) -> None:
        self._timer = None
        if self._in_head or self._in_body:
            self._refuse(RequestTimeout())
        else:
            self._closed_by_refusal = True
            self.transport.close()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _abort(self) -> None:
        """Reset the connection: nothing that waits, here or in the kernel, is delivered any more."""
        with contextlib.suppress(OSError):
            self.transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
        self.transport.abort()

    # Refusals

    def _only_in_head(self) -> None:
        if not self._in_head:
            raise MalformedRequest("Trailers are not taken")

    def _guard(self, check: Callable[[], None]) -> None:
        """Remember a refusal before it passes through the parser, which wraps it."""
        try:
            check()
        except RedwellError as refusal:
            self._refusal = refusal
            raise

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's text; ours says more
        """What uvicorn calls when the parser stopped."""
        if self._last_message and not self._in_body:
            # Whatever follows a request that ends the connection is not for us; its answer still goes out.
            return
        self._refuse(self._refusal or MalformedRequest())

    def _answer_pending(self) -> bool:
        # uvicorn's annotation leaves out that there is none before the first request.
        return self.cycle is not None and not self.cycle.response_complete  # type: ignore[redundant-expr]

    def _refuse(self, refusal: RedwellError) -> None:
        """Answer, unless bytes of another answer are or may be under way; then close."""
        self._stop_timer()
        self._closed_by_refusal = True
        if not self._answer_pending():
            self.transport.write(self._rendered(refusal))
        elif self._in_body and not self.pipeline:
            self._take_over(refusal)
        else:
            self.transport.close()
            return
        self._close_after_lingering()

    def _close_after_lingering(self) -> None:
        """Closing with bytes unread would reset the connection, and the client might never see the answer."""
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.flow.resume_reading()
        self._linger()

    def _linger(self) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(LINGER_SECONDS, self.transport.close)

    def _take_over(self, refusal: RedwellError) -> None:
        """Answer in place of the application, to which the client is gone."""
        cycle = self.cycle
        if not cycle.response_started:
            cycle.response_started = True
            self.transport.write(self._rendered(refusal))
        cycle.disconnected = True
        cycle.message_event.set()

    def _rendered(self, refusal: RedwellError) -> bytes:
        body = problem_body(refusal, uuid.uuid4())
        headers = [
            *self.server_state.default_headers,
            *SAFE_HEADERS,
            (b"content-type", PROBLEM_TYPE.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        lines = [name + b": " + value for name, value in headers]
        status = f"HTTP/1.1 {refusal.status} {http.HTTPStatus(refusal.status).phrase}".encode()
        return b"\r\n".join([status, *lines, b"", body])
