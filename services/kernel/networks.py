"""Networks as CIDR blocks (RFC 4632, RFC 4291), and whether an address lies in one."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network


def network(text: str) -> str:
    """The one spelling of a CIDR block (raises ValueError when it is none, or has bits beyond its mask)."""
    if "%" in text:
        raise ValueError("a block has no zone")
    return str(ip_network(text))


def within(address: str, networks: Iterable[str]) -> bool:
    """Whether `address` lies in one of `networks`; an IPv4 address that IPv6 carries counts as itself."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return any(parsed in _parsed(each) for each in networks)


def narrowed(one: Iterable[str], other: Iterable[str]) -> tuple[str, ...]:
    """The blocks of either that lie in one of the other: an address is in them if it is in both."""
    pairs = [(_parsed(left), _parsed(right)) for left in one for right in other]
    inner = {left if _lies_in(left, right) else right for left, right in pairs if left.overlaps(right)}
    return tuple(sorted(map(str, inner)))


def _lies_in(left: IPv4Network | IPv6Network, right: IPv4Network | IPv6Network) -> bool:
    return left.prefixlen >= right.prefixlen


@lru_cache(maxsize=1024)
def _parsed(text: str) -> IPv4Network | IPv6Network:
    return ip_network(text)
