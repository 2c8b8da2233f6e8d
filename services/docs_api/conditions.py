"""Conditional requests and ranges as HTTP defines them (RFC 9110, sections 13 and 14). Pure.

An entity tag here is always strong: the digest of a content, or the number of a document's revision.
"""

import re
from dataclasses import dataclass

from services.kernel.problems import PreconditionFailed, PreconditionRequired, RedwellError

_TAG = r'(?:W/)?"[\x21\x23-\x7e]*"'
_TAGS = re.compile(rf"\s*{_TAG}(?:\s*,\s*{_TAG})*\s*")
_EACH_TAG = re.compile(_TAG)
_RANGE = re.compile(r"bytes=\s*([0-9]{0,19})-([0-9]{0,19})\s*", re.IGNORECASE)
"""One range. Several, and numbers longer than any length that can be, are not asked of us: all is sent."""


class RangeNotSatisfiable(RedwellError):
    status = 416
    slug = "range-not-satisfiable"
    title = "The content has no such range; the answer's Content-Range says how long it is"

    def __init__(self, length_bytes: int) -> None:
        super().__init__()
        self.length_bytes = length_bytes

    def headers(self) -> dict[str, str]:
        return {"Content-Range": f"bytes */{self.length_bytes}", "Accept-Ranges": "bytes"}


@dataclass(frozen=True, slots=True)
class ByteRange:
    """From `start` to before `stop`, of `of` bytes."""

    start: int
    stop: int
    of: int

    @property
    def length_bytes(self) -> int:
        return self.stop - self.start

    def __str__(self) -> str:
        """As `Content-Range` has it: the last byte is named, not the one after."""
        return f"{self.start}-{self.stop - 1}"


def quoted(tag: str | int) -> str:
    """The entity tag with its quotes, as `ETag` carries it."""
    return f'"{tag}"'


def require_match(if_match: str | None, etag: str) -> None:
    """Return if the sender has seen what is there now.

    Raises:
        PreconditionRequired: they do not say.
        PreconditionFailed: they have not.
    """
    if if_match is None:
        raise PreconditionRequired
    if if_match.strip() != "*" and etag not in _tags(if_match):
        raise PreconditionFailed


def is_known(if_none_match: str | None, etag: str) -> bool:
    """Whether the asker holds what `etag` names already. The comparison is weak (section 13.1.2)."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or etag in {tag.removeprefix("W/") for tag in _tags(if_none_match)}


def asked_range(field: str | None, if_range: str | None, etag: str, length_bytes: int) -> ByteRange | None:
    """The part that is asked for; None for all of it.

    A field that cannot be read, more than one range, and an `If-Range` that names anything but `etag` ask for
    all of it.

    Raises:
        RangeNotSatisfiable: it begins behind the end.
    """
    match = _RANGE.fullmatch(field or "")
    if match is None or (if_range is not None and if_range.strip() != etag):
        return None
    first, last = match[1], match[2]
    if first == "":
        return _suffix(last, length_bytes)
    start = int(first)
    stop = length_bytes if last == "" else int(last) + 1
    if stop <= start and last != "":
        return None
    if start >= length_bytes:
        raise RangeNotSatisfiable(length_bytes)
    return ByteRange(start, min(stop, length_bytes), length_bytes)


def _suffix(last: str, length_bytes: int) -> ByteRange | None:
    if last == "":
        return None
    if int(last) == 0:
        raise RangeNotSatisfiable(length_bytes)
    if length_bytes == 0:
        return None  # no Content-Range can name a part of nothing
    return ByteRange(max(0, length_bytes - int(last)), length_bytes, length_bytes)


def _tags(field: str) -> frozenset[str]:
    """The entity tags of a list; none if it is malformed, so that it matches nothing."""
    return frozenset(_EACH_TAG.findall(field)) if _TAGS.fullmatch(field) else frozenset()
