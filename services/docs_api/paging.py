"""Cursor pages over rows in the order of one unique key. A cursor is that key of the last row, opaque."""

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

from services.docs_api.refusals import invalid
from services.kernel.problems import InvalidInput

Row = TypeVar("Row")
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")


def encode_cursor(position: str) -> str:
    return base64.urlsafe_b64encode(position.encode()).rstrip(b"=").decode()


def decode_cursor(cursor: str) -> str:
    """The position that `encode_cursor` made this from.

    Raises:
        InvalidInput: it is no cursor of ours.
    """
    try:
        position = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode()
    except (ValueError, binascii.Error):
        raise _invalid() from None
    if encode_cursor(position) != cursor or "\0" in position:
        raise _invalid()
    return position


def decode_id(cursor: str | None) -> UUID:
    """The id to go on after; the nil UUID, which no row has, to begin.

    Raises:
        InvalidInput: it is no cursor of ours.
    """
    if cursor is None:
        return UUID(int=0)
    try:
        return UUID(decode_cursor(cursor))
    except ValueError:
        raise _invalid() from None


def decode_number(cursor: str | None) -> int:
    """The number to go on after; zero, which no row has, to begin.

    Raises:
        InvalidInput: it is no cursor of ours.
    """
    if cursor is None:
        return 0
    position = decode_cursor(cursor)
    if _NUMBER.fullmatch(position) is None:
        raise _invalid()
    return int(position)


def cut(rows: Sequence[Row], limit: int, key: Callable[[Row], object]) -> tuple[Sequence[Row], str | None]:
    """The page of `rows`, of which one more than `limit` was asked for, and the cursor of the next page."""
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], encode_cursor(str(key(rows[limit - 1])))


def _invalid() -> InvalidInput:
    return invalid("/cursor", "cursor", where="query")
