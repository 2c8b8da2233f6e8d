"""The request headers of the tus protocol, read. Pure."""

import base64
import re

from starlette.datastructures import Headers

from services.docs_api.tus.errors import TusRequestRefused

CHECKSUM_ALGORITHMS = "sha256"
MEDIA_TYPE = "application/offset+octet-stream"
_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}")
_SHA256_BYTES = 32
_UNSERVED = ("upload-defer-length", "upload-concat")


def number_in(headers: Headers, name: str) -> int:
    """A number of bytes.

    Raises:
        TusRequestRefused: it is missing, or not one.
    """
    text = headers.get(name, "")
    if _NUMBER.fullmatch(text) is None:
        raise TusRequestRefused
    return int(text)


def refuse_extensions(headers: Headers) -> None:
    """Return if no extension is asked for that is not served (raises TusRequestRefused)."""
    if any(name in headers for name in _UNSERVED):
        raise TusRequestRefused


def checksum_in(headers: Headers) -> bytes | None:
    """The SHA-256 that the body must have; None where none is told.

    Raises:
        TusRequestRefused: it is malformed, or of another algorithm.
    """
    text = headers.get("upload-checksum")
    if text is None:
        return None
    algorithm, _, encoded = text.partition(" ")
    try:
        digest = base64.b64decode(encoded, validate=True)
    except ValueError:  # not of its alphabet, or not even ASCII
        digest = b""
    if algorithm != CHECKSUM_ALGORITHMS or len(digest) != _SHA256_BYTES:
        raise TusRequestRefused
    return digest


def body_length(headers: Headers) -> int | None:
    """What the request says that it brings; None if it does not say."""
    length = headers.get("content-length")
    if length is not None:
        return int(length)
    return None if "transfer-encoding" in headers else 0
