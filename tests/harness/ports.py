"""Ports that nothing listens on, below those that the kernel gives to connections going out."""

import secrets
import socket
from contextlib import ExitStack

_LOWEST, _HIGHEST = 16_000, 32_000
_handed_out: set[int] = set()


def free_port() -> int:
    return free_ports(1)


def free_ports(count: int) -> int:
    """The first of `count` free ports in a row, none of them handed out before."""
    while True:
        first = _LOWEST + secrets.randbelow(_HIGHEST - _LOWEST)
        ports = range(first, first + count)
        if _handed_out.isdisjoint(ports) and _are_free(ports):
            _handed_out.update(ports)
            return first


def _are_free(ports: range) -> bool:
    with ExitStack() as held:
        try:
            for port in ports:
                held.enter_context(socket.create_server(("127.0.0.1", port)))
        except OSError:
            return False
    return True
