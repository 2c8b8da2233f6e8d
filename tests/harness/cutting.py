"""A bad line: passes bytes between a client and the instance, and breaks off where it is told to."""

import contextlib
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

ADDRESS = "127.0.0.2"
_AT_ONCE = 64 * 1024


class Line:
    """Connections to `port` at `ADDRESS` reach the same port at 127.0.0.1.

    It also answers `CONNECT`, for clients that can be told of a proxy only. `cuts`: after how many bytes from
    the client the line breaks, for one connection that sends that much after the other.
    """

    def __init__(self, port: int, cuts: Sequence[int]) -> None:
        self._port = port
        self._cuts = list(cuts)
        self._lock = threading.Lock()
        self._server = socket.create_server((ADDRESS, port))
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def cuts_left(self) -> int:
        return len(self._cuts)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                threading.Thread(target=self._pass, args=(client,), daemon=True).start()

    def _pass(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            first = client.recv(_AT_ONCE)
            if first.startswith(b"CONNECT "):
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                first = b""
            with socket.create_connection(("127.0.0.1", self._port)) as instance:
                threading.Thread(target=_copy, args=(instance, client), daemon=True).start()
                self._forward(client, instance, first)

    def _forward(self, client: socket.socket, instance: socket.socket, first: bytes) -> None:
        passed, chunk = 0, first or client.recv(_AT_ONCE)
        while chunk:
            instance.sendall(chunk)
            passed += len(chunk)
            if self._breaks(passed):
                for end in (client, instance):
                    end.shutdown(socket.SHUT_RDWR)  # closing alone does not wake who reads from it
                return
            chunk = client.recv(_AT_ONCE)

    def _breaks(self, passed: int) -> bool:
        with self._lock:
            if self._cuts and passed >= self._cuts[0]:
                self._cuts.pop(0)
                return True
        return False


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while chunk := source.recv(_AT_ONCE):
            target.sendall(chunk)
        target.shutdown(socket.SHUT_RDWR)


@contextmanager
def bad_line(port: int, cuts: Sequence[int]) -> Iterator[Line]:
    line = Line(port, cuts)
    try:
        yield line
    finally:
        line.close()
