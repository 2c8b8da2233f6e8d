"""What a request head must be like before anything else sees it. Pure: bytes in, nothing or a refusal out.

Stricter than the parser, because a proxy in front and the service behind must never read one message in two
ways (RFC 9112 section 11.2), and because nobody honest sends any of this.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.host.errors import HeadersTooLarge, MalformedRequest, URLTooLong

MAX_URL_BYTES = 2 * 1024
MAX_HEADERS = 100
MAX_HEADER_BYTES = 16 * 1024
VERSIONS = frozenset({"1.0", "1.1"})
ORIGIN_FORM = re.compile(rb"/[\x21\x22\x24-\x7e]*")  # printable ASCII, but no fragment
HEADER_OVERHEAD_BYTES = len(b": \r\n")

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True)
class RequestHead:
    """A request line and headers, names in lower case."""

    method: str
    url: bytes
    version: str
    headers: Headers


def header_bytes(name: bytes, value: bytes) -> int:
    """What one header takes on the wire."""
    return len(name) + len(value) + HEADER_OVERHEAD_BYTES


def check_url_size(size: int) -> None:
    if size > MAX_URL_BYTES:
        raise URLTooLong


def check_headers_size(count: int, size: int) -> None:
    if count > MAX_HEADERS or size > MAX_HEADER_BYTES:
        raise HeadersTooLarge


def check_head(head: RequestHead) -> None:
    """Refuse what could be read in two ways.

    Raises:
        MalformedRequest: another version, target form, host, or framing than one plain HTTP/1.1 request has.
    """
    if head.version not in VERSIONS:
        raise MalformedRequest("Only HTTP/1.1 is spoken here")
    _check_target(head)
    _check_host(head)
    _check_body_framing(head)
    if any(name == b"upgrade" for name, _ in head.headers):
        raise MalformedRequest("No other protocol is offered here")


def _check_target(head: RequestHead) -> None:
    """Origin form only: an absolute target would carry a second host, CONNECT would open a tunnel."""
    asterisk = head.method == "OPTIONS" and head.url == b"*"
    if head.method == "CONNECT" or not (asterisk or ORIGIN_FORM.fullmatch(head.url)):
        raise MalformedRequest("The request target must be a plain path")


def _check_host(head: RequestHead) -> None:
    hosts = _values(head.headers, b"host")
    missing = not hosts and head.version == "1.1"
    if missing or len(hosts) > 1 or any(not host.strip() for host in hosts):
        raise MalformedRequest("There must be exactly one Host header")


def _check_body_framing(head: RequestHead) -> None:
    lengths = _values(head.headers, b"content-length")
    codings = _values(head.headers, b"transfer-encoding")
    if len(lengths) + len(codings) > 1:
        raise MalformedRequest("The length of the body is declared more than once")
    if codings and (codings[0].strip().lower() != b"chunked" or head.version == "1.0"):
        raise MalformedRequest("The only transfer coding is chunked, in HTTP/1.1")
    if any(not (length.isdigit() and length.isascii()) for length in lengths):
        raise MalformedRequest("Content-Length must be a number")


def _values(headers: Headers, name: bytes) -> list[bytes]:
    return [value for found, value in headers if found == name]
