"""Digest fields of HTTP (RFC 9530): `sha-256=:<base64>:`, read and written. Other algorithms are ignored."""

import base64
import binascii
import re
from collections.abc import Iterable

from services.docs_api.refusals import invalid

FIELDS = ("content-digest", "repr-digest")
_MEMBER = re.compile(r"\s*([a-z][a-z0-9_.*-]*)=:([A-Za-z0-9+/]*={0,2}):\s*")
_SHA256_BYTES = 32
_MAX_FIELD = 1000


def digest_field(sha256: bytes) -> str:
    """The value of `Repr-Digest` for this digest."""
    return f"sha-256=:{base64.b64encode(sha256).decode()}:"


def parse_digest_fields(values: Iterable[tuple[str, str]]) -> frozenset[bytes]:
    """The SHA-256 digests that these fields (name, value) announce; empty when they announce none.

    Raises:
        InvalidInput: one of them is malformed.
    """
    return frozenset(digest for name, value in values for digest in _sha256_of(name, value))


def _sha256_of(name: str, value: str) -> Iterable[bytes]:
    if len(value) > _MAX_FIELD:
        raise invalid(f"/{name}", "digest", where="header")
    for member in value.split(","):
        match = _MEMBER.fullmatch(member)
        if match is None:
            raise invalid(f"/{name}", "digest", where="header")
        if match[1] == "sha-256":
            yield _decoded(name, match[2])


def _decoded(name: str, text: str) -> bytes:
    try:
        digest = base64.b64decode(text, validate=True)
    except binascii.Error:
        digest = b""
    if len(digest) != _SHA256_BYTES:
        raise invalid(f"/{name}", "digest", where="header")
    return digest
