"""A line to Postgres that can go dead without a word: it stays open, and nothing comes through any more."""

import contextlib
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_AT_ONCE = 256 * 1024
_SOCKET = ".s.PGSQL.5432"
_NAME = re.compile(rb"\0application_name\0([^\0]*)\0")


@dataclass(eq=False)
class _Carried:
    """One connection, by the name that its client gave it."""

    name: str
    silent: bool = False


class SilentLine:
    """Whoever connects in `folder` reaches the Postgres whose socket lies in the folder `where`."""

    def __init__(self, folder: Path, where: Callable[[], Path]) -> None:
        self.folder, self._where = folder, where
        self._carried: set[_Carried] = set()
        self._silent: set[str] = set()
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(folder / _SOCKET))
        self._server.listen(64)
        threading.Thread(target=self._serve, daemon=True).start()

    def carries(self, name: str) -> bool:
        """Whether a connection of that name is there, and not silent."""
        return any(one.name == name and not one.silent for one in list(self._carried))

    def silence(self, name: str, *, new: bool = False) -> None:
        """From now on nothing comes through the connections of that name, nor through `new` ones."""
        if new:
            self._silent.add(name)
        for one in list(self._carried):
            one.silent = one.silent or one.name == name

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
        with client, socket.socket(socket.AF_UNIX) as server, contextlib.suppress(OSError):
            first = client.recv(_AT_ONCE)
            named = _NAME.search(first)
            name = named[1].decode() if named else ""
            one = _Carried(name, name in self._silent)
            server.connect(str(self._where() / _SOCKET))
            server.sendall(first)
            self._carried.add(one)
            back = threading.Thread(target=_carry, args=(one, server, client), daemon=True)
            back.start()
            _carry(one, client, server)
            self._carried.discard(one)
            back.join()


def _carry(one: _Carried, source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while chunk := source.recv(_AT_ONCE):
            if not one.silent:
                target.sendall(chunk)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextmanager
def silent_line(folder: Path, where: Callable[[], Path]) -> Iterator[SilentLine]:
    line = SilentLine(folder, where)
    try:
        yield line
    finally:
        line.close()
