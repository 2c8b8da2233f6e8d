import socket

import pytest

from services.host.errors import SupervisorError
from services.host.listeners import Address, open_sockets


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("localhost:8443", "localhost", 8443),
        ("[::1]:0", "::1", 0),
        ("0.0.0.0:443", "0.0.0.0", 443),  # noqa: S104 - read, not bound
        (":8443", "", 8443),
    ],
)
def test_an_address_is_read(text: str, host: str, port: int) -> None:
    assert Address.parse(text) == Address(host, port)


@pytest.mark.parametrize(
    "text", ["8443", "localhost", "localhost:", "localhost:65536", "localhost:-1", "a:٣"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(SupervisorError, match="HOST:PORT"):
        Address.parse(text)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("0.0.0.0", False),  # noqa: S104 - read, not bound
        ("::", False),
        ("", False),
        ("192.0.2.1", False),
        ("redwell.example", False),
    ],
)
def test_only_addresses_of_this_machine_count_as_loopback(host: str, loopback: bool) -> None:  # noqa: FBT001
    assert Address(host, 1).loopback is loopback


def test_every_address_of_a_name_gets_the_same_port() -> None:
    opened = open_sockets(Address("localhost", 0))
    assert len({bound.getsockname()[1] for bound in opened}) == 1
    for bound in opened:
        bound.close()


def test_a_taken_port_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SupervisorError, match=rf"Cannot listen on 127\.0\.0\.1:{port}: .* --listen"):
            open_sockets(Address("127.0.0.1", port))


def test_an_unknown_name_is_one_sentence() -> None:
    with pytest.raises(SupervisorError, match="unknown here"):
        open_sockets(Address("no-such-host.invalid", 0))
