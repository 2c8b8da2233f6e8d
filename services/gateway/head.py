"""The head of a request, and what it must be like before anything else is asked of it. Pure.

The services' router works on a decoded path, so only a path that has nothing to decode is let through
(docs/threat-model.md).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from services.gateway.errors import BadTarget, MisdirectedRequest, RepeatedHeader, ReservedHeader
from services.kernel.problems import BadRequest, UnsupportedMediaType

MAX_TARGET_BYTES = 2048
MAX_USER_AGENT_BYTES = 256

# No escapes, no empty or dot segments, no parameters, no trailing slash.
_PATH = re.compile(rb"/|(?:/\.?[A-Za-z0-9_-][A-Za-z0-9._-]*)+")
# What RFC 3986 allows in a query but ";", which some programs take for "&"; escapes whole, and none of NUL.
_QUERY = re.compile(rb"(?:[A-Za-z0-9._~!$'()*+,:@/?=&-]|%(?!00)[0-9A-Fa-f]{2})*")
_QUERY_NAME = re.compile(rb"[a-z_]{1,32}")
_OVERRIDES = frozenset(
    {b"x-http-method-override", b"x-http-method", b"x-method-override", b"x-original-method"}
)
_REWRITES = frozenset({b"x-original-url", b"x-rewrite-url"})
_SINGLE = frozenset(
    {
        b"host",
        b"authorization",
        b"dpop",
        b"content-length",
        b"content-type",
        b"content-encoding",
        b"transfer-encoding",
        b"expect",
        b"range",
        b"if-match",
        b"if-none-match",
        b"if-range",
        b"idempotency-key",
        b"user-agent",
        b"tus-resumable",
        b"upload-offset",
        b"upload-length",
        b"upload-metadata",
        b"upload-checksum",
        b"upload-concat",
        b"upload-defer-length",
    }
)
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_HTTPS_PORT = 443

Headers = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class RequestHead:
    """What the gateway decides from.

    Attributes:
        method: as on the request line.
        raw_path: the path before any decoding, without the query.
        query: the query before any decoding; empty where there is none.
        headers: in their order; names in lower case.
        address: of the client, from a source that the client cannot choose.
    """

    method: str
    raw_path: bytes
    query: bytes
    headers: Headers
    address: str


@dataclass(frozen=True, slots=True)
class Fields:
    """The headers that may be there once, by name."""

    single: dict[bytes, bytes]

    def get(self, name: bytes) -> bytes | None:
        return self.single.get(name)

    @property
    def user_agent(self) -> str:
        return read_user_agent(self.single.get(b"user-agent", b""))


def read_user_agent(value: bytes) -> str:
    return value[:MAX_USER_AGENT_BYTES].decode("latin-1")


def read_fields(headers: Headers) -> Fields:
    """The headers that matter to a decision.

    Raises:
        ReservedHeader: `redwell-*` in any spelling, or an attempt to change method or path.
        RepeatedHeader: one of those that may be there once is there twice.
    """
    single: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _SINGLE:
            if name in single:
                raise RepeatedHeader
            single[name] = value
        elif is_reserved(name):
            raise ReservedHeader
    return Fields(single)


def is_reserved(name: bytes) -> bool:
    """Whether a client may not send this header: some servers take `_` for `-`, so either counts."""
    plain = name.replace(b"_", b"-")
    if plain in _OVERRIDES or plain in _REWRITES:
        return True
    return b"redwell" in plain and plain.removeprefix(b"x-").startswith(b"redwell")


def check_target(raw_path: bytes, query: bytes) -> None:
    """Refuse every spelling but the plain one.

    Raises:
        BadTarget: an escape, an empty or dot segment, a trailing slash, or a character that needs escaping.
    """
    if len(raw_path) + len(query) > MAX_TARGET_BYTES or not _PATH.fullmatch(raw_path):
        raise BadTarget
    if query and not _QUERY.fullmatch(query):
        raise BadTarget
    names = [part.partition(b"=")[0] for part in query.split(b"&")] if query else []
    # Of two values for one name one program takes the first, another the last: names stand once, unescaped.
    if len(set(names)) != len(names) or not all(map(_QUERY_NAME.fullmatch, names)):
        raise BadTarget


def check_host(fields: Fields, hosts: frozenset[bytes]) -> None:
    """Serve the public host alone; nothing is ever built from this header.

    Raises:
        BadRequest: there is no Host.
        MisdirectedRequest: it is another.
    """
    host = fields.get(b"host")
    if host is None:
        raise BadRequest
    if host.lower() not in hosts:
        raise MisdirectedRequest


def check_coding(fields: Fields) -> None:
    """Bodies are taken as they are: nothing is ever decompressed.

    Raises:
        UnsupportedMediaType: there is a Content-Encoding, whatever it says.
    """
    if fields.get(b"content-encoding") is not None:
        raise UnsupportedMediaType


def hosts_of(public_url: str) -> frozenset[bytes]:
    """The values of Host that mean `public_url`; an instance on `localhost` has three names."""
    parts = urlsplit(public_url)
    name = parts.netloc.rpartition("@")[2].removesuffix(f":{parts.port}").lower()
    names = _LOOPBACK if name in _LOOPBACK else (name,)
    port = parts.port or _HTTPS_PORT
    spelled = {f"{each}:{port}" for each in names} | ({*names} if port == _HTTPS_PORT else set())
    return frozenset(each.encode() for each in spelled)
