import pytest

from services.kernel.networks import network, within


@pytest.mark.parametrize(
    ("text", "spelled"),
    [("10.0.0.0/8", "10.0.0.0/8"), ("192.0.2.7", "192.0.2.7/32"), ("2001:DB8::/32", "2001:db8::/32")],
)
def test_a_block_has_one_spelling(text: str, spelled: str) -> None:
    assert network(text) == spelled


@pytest.mark.parametrize("text", ["", "10.0.0.1/8", "10.0.0.0/33", "anywhere", "010.0.0.0/8", "fe80::%1/64"])
def test_what_is_no_block(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        network(text)


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("192.0.2.1", True),
        ("192.0.3.1", False),
        ("::ffff:192.0.2.1", True),
        ("2001:db8::1", True),
        ("2001:db8::1%eth0", True),
        ("2001:db9::1", False),
        ("", False),
        ("localhost", False),
    ],
)
def test_an_address_lies_in_a_block_or_not(address: str, inside: bool) -> None:  # noqa: FBT001 -- the table says
    assert within(address, ("192.0.2.0/24", "2001:db8::/32")) is inside


def test_nothing_lies_in_no_block() -> None:
    assert not within("192.0.2.1", ())
