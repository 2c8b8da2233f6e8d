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

    It also answers `CONNECT`, for clients that can be told of a proxy only. `cuts`: after how many bytes in
    one direction the line breaks, for one connection that carries that much after the other. `holds_after`:
    how many bytes in one direction each connection carries before it stalls, until let go or closed.
    """

    def __init__(self, port: int, cuts: Sequence[int] = (), holds_after: int | None = None) -> None:
        self._port = port
        self._cuts = list(cuts)
        self._holds_after = holds_after
        self._let_go = threading.Event()
        self._breaks_held = self._closed = False
        self._lock = threading.Lock()
        self.held = 0
        """How many connections are stalled."""
        self._server = socket.create_server((ADDRESS, port))
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def cuts_left(self) -> int:
        return len(self._cuts)

    def let_go(self, *, broken: bool = False) -> None:
        """Carry on with what is held, or break it, and hold nothing more."""
        self._holds_after, self._breaks_held = None, broken
        self._let_go.set()

    def close(self) -> None:
        """Break what is held, and let nobody in."""
        self._closed = True
        self.let_go(broken=True)
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
                threading.Thread(target=self._answer, args=(instance, client), daemon=True).start()
                self._carry(client, instance, first)

    def _answer(self, instance: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self._carry(instance, client)
            client.shutdown(socket.SHUT_RDWR)

    def _carry(self, source: socket.socket, target: socket.socket, first: bytes = b"") -> None:
        carried, chunk = 0, first or source.recv(_AT_ONCE)
        while chunk:
            broken = self._closed or self._held_and_broken(carried)
            if not broken:
                target.sendall(chunk)
            carried += len(chunk)
            if broken or self._breaks(carried):
                for end in (source, target):
                    end.shutdown(socket.SHUT_RDWR)  # closing alone does not wake who reads from it
                return
            chunk = source.recv(_AT_ONCE)

    def _held_and_broken(self, carried: int) -> bool:
        if self._holds_after is None or carried < self._holds_after:
            return False
        with self._lock:
            self.held += 1
        self._let_go.wait()
        with self._lock:
            self.held -= 1
        return self._breaks_held

    def _breaks(self, carried: int) -> bool:
        with self._lock:
            if self._cuts and carried >= self._cuts[0]:
                self._cuts.pop(0)
                return True
        return False


@contextmanager
def bad_line(port: int, cuts: Sequence[int] = (), holds_after: int | None = None) -> Iterator[Line]:
    line = Line(port, cuts, holds_after)
    try:
        yield line
    finally:
        line.close()
