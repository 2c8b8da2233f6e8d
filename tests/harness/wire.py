"""HTTP by hand over TLS, for clients that stop in the middle, read slowly, or vanish."""

import contextlib
import select
import socket
import ssl
import struct
import time
from types import TracebackType
from typing import Self

from tests.harness.instance import Instance
from tests.harness.people import Person
from tests.harness.stage import authorization

_AT_ONCE = 256 * 1024


class Wire:
    """One connection. A small receive buffer makes the server feel at once that nobody reads."""

    def __init__(self, instance: Instance, receive_buffer_bytes: int | None = None) -> None:
        raw = socket.socket()
        if receive_buffer_bytes is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        raw.settimeout(30)
        raw.connect(("127.0.0.1", instance.port))
        context = ssl.create_default_context(cafile=str(instance.ca))
        self._host = f"localhost:{instance.port}"
        self._socket = context.wrap_socket(raw, server_hostname="localhost")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def request(self, person: Person, method: str, path: str, **headers: str) -> None:
        """Send the head of a request. Header names are given with `_` for `-`."""
        fields = {"Host": self._host, **authorization(person)}
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
        self._socket.sendall("\r\n".join(lines).encode())

    def put(self, person: Person, upload_id: str, length_bytes: int) -> None:
        """The head of an upload's content."""
        self.request(
            person,
            "PUT",
            f"/v1/uploads/{upload_id}/content",
            Content_Type="application/octet-stream",
            Content_Length=str(length_bytes),
        )

    def get(self, person: Person, document_id: str) -> None:
        self.request(person, "GET", f"/v1/documents/{document_id}/content")

    def send(self, content: bytes) -> None:
        self._socket.sendall(content)

    def read(self, most: int = _AT_ONCE) -> bytes:
        """What is there, waiting for the first byte; nothing once the server has closed."""
        with contextlib.suppress(ssl.SSLEOFError, ConnectionResetError, BrokenPipeError):
            return self._socket.recv(most)
        return b""

    def head(self) -> tuple[int, dict[str, str], bytes]:
        """Status and headers (in lower case) of the answer, and what came of its body with them."""
        found = b""
        while b"\r\n\r\n" not in found:
            more = self.read()
            assert more, f"the answer ended in its head: {found!r}"
            found += more
        head, _, body = found.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        fields = (line.partition(": ") for line in lines)
        return int(status.split()[1]), {name.lower(): value for name, _, value in fields}, body

    def rest(self) -> bytes:
        """Everything until the server closes."""
        return b"".join(iter(self.read, b""))

    def read_slowly(self, seconds: float, bytes_per_second: int) -> tuple[bytes, float]:
        """What comes until the server closes or the time is up, and how long that took."""
        began, found = time.monotonic(), b""
        while (passed := time.monotonic() - began) < seconds:
            due = int(bytes_per_second * passed) - len(found)
            if due <= 0:
                select.select([], [], [], 0.02)
                continue
            more = self.read(min(due, 16 * 1024))
            if not more:
                break
            found += more
        return found, time.monotonic() - began

    def reset(self) -> None:
        """Vanish: the server's kernel learns it by a reset, its TLS by nothing."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()
