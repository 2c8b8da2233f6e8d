"""Listening sockets: opened once by the supervisor, inherited by every worker."""

import contextlib
import errno
import ipaddress
import os
import socket
from dataclasses import dataclass

from services.host.errors import SupervisorError

BACKLOG = 2048
LARGEST_PORT = 65535
ABSENT_ADDRESS = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})


@dataclass(frozen=True)
class Address:
    """A host name or literal, and a TCP port (0: any free one)."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read `HOST:PORT`, `[IPv6]:PORT` or `:PORT` (every interface).

        Raises:
            SupervisorError: it is none of these.
        """
        host, separator, port = text.rpartition(":")
        if not separator or not port.isascii() or not port.isdigit() or int(port) > LARGEST_PORT:
            raise SupervisorError(
                f"{text!r} is not an address to listen on; write HOST:PORT, as localhost:8443."
            )
        return cls(host.removeprefix("[").removesuffix("]"), int(port))

    @property
    def loopback(self) -> bool:
        """Whether only this machine can connect."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def open_sockets(address: Address) -> list[socket.socket]:
    """Bind, without listening yet, every address the host name stands for; all get the same port.

    Raises:
        SupervisorError: the name is unknown, the port taken or not allowed.
    """
    opened: list[socket.socket] = []
    with contextlib.ExitStack() as undo:
        for family, place in _places(address):
            port = opened[0].getsockname()[1] if opened else address.port
            bound = _bind(family, (place, port), address)
            if bound is not None:
                opened.append(undo.enter_context(bound))
        if not opened:
            raise SupervisorError(f"This machine has no address {address.host!r} to listen on.")
        undo.pop_all()
    return opened


def inherited_socket(descriptor: int) -> socket.socket:
    """Take over a listening socket that our parent opened."""
    taken = socket.socket(fileno=descriptor)
    taken.setblocking(False)
    return taken


def _places(address: Address) -> list[tuple[socket.AddressFamily, str]]:
    try:
        found = socket.getaddrinfo(
            address.host or None, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except socket.gaierror as error:
        raise SupervisorError(f"The address {address} is unknown here: {error.strerror}.") from error
    return list(dict.fromkeys((family, str(place[0])) for family, _, _, _, place in found))


def _bind(family: socket.AddressFamily, place: tuple[str, int], address: Address) -> socket.socket | None:
    """A bound socket, or None where this machine lacks the address (IPv6 switched off)."""
    bound: socket.socket | None = None
    try:
        bound = socket.socket(family, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind(place)
    except OSError as error:
        if bound is not None:
            bound.close()
        if error.errno in ABSENT_ADDRESS:
            return None
        reason = os.strerror(error.errno or 0)
        raise SupervisorError(
            f"Cannot listen on {address}: {reason}; choose another with --listen or --ops."
        ) from error
    return bound
