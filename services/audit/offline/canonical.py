"""Canonical JSON: RFC 8785 restricted to what the log uses, so that one value has exactly one byte form.

Allowed: objects with ASCII member names, arrays, strings, integers of magnitude below 2^53, booleans, null.
Reading is exact: what was read is written again and must give the same bytes, which refuses duplicate
members, white space, other orders, other escapes and other spellings of numbers at once.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import NoReturn

from services.audit.offline.errors import FormatError

MAX_INTEGER = 2**53 - 1

_MAX_INTEGER_DIGITS = 17  # sign and 16 digits: longer text is refused before it is converted


def encode(value: Mapping[str, object]) -> bytes:
    """Canonical bytes of an object made of the allowed types.

    ASCII names sort alike by code point and by UTF-16 code unit, and Python's escapes without `ensure_ascii`
    are those of RFC 8785, so the standard encoder is exact for this restricted form.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def decode(raw: bytes, max_bytes: int) -> dict[str, object]:
    """Read the canonical bytes of one object.

    Args:
        raw: the exact bytes, without a line end.
        max_bytes: longer input is refused unread.

    Raises:
        FormatError: too long, not JSON, not an object, or not canonical.
    """
    if len(raw) > max_bytes:
        raise FormatError(f"It is longer than {max_bytes} bytes.")
    try:
        value = _DECODER.decode(raw.decode())
        canonical = isinstance(value, dict) and encode(value) == raw
    except (ValueError, RecursionError) as exc:
        raise FormatError("It is not canonical JSON.") from exc
    if not canonical:
        raise FormatError("It is not a JSON object in canonical form.")
    _require_ascii_names(value)
    return dict(value)


def decode_base64(text: str) -> bytes:
    """Read standard base64 in its one canonical form, with padding.

    Raises:
        FormatError: anything else.
    """
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as exc:  # ValueError: not ASCII
        raise FormatError("It is not base64.") from exc
    if base64.b64encode(value).decode() != text:
        raise FormatError("It is not base64 in its one canonical form.")
    return value


def _integer(digits: str) -> int:
    if len(digits) > _MAX_INTEGER_DIGITS or abs(number := int(digits)) > MAX_INTEGER:
        raise ValueError("integer out of range")
    return number


def _refuse_number(_text: str) -> NoReturn:
    raise ValueError("only integers are allowed")


def _require_ascii_names(value: object) -> None:
    pending = [value]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            if not all(name.isascii() for name in node):
                raise FormatError("A member name is not ASCII.")
            pending.extend(node.values())
        elif isinstance(node, list):
            pending.extend(node)


_DECODER = json.JSONDecoder(parse_int=_integer, parse_float=_refuse_number, parse_constant=_refuse_number)
