"""Positions in the search result, newest first: time and id of the last event given, as opaque text."""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self
from uuid import UUID

from services.kernel.problems import InvalidInput

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME_BYTES = 8


@dataclass(frozen=True, slots=True)
class Cursor:
    at: datetime
    id: UUID

    def __str__(self) -> str:
        microseconds = (self.at - _EPOCH) // timedelta(microseconds=1)
        raw = microseconds.to_bytes(_TIME_BYTES, "big") + self.id.bytes
        return base64.urlsafe_b64encode(raw).decode()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `str` back.

        Raises:
            InvalidInput: it is not a cursor that was given out.
        """
        try:
            raw = base64.b64decode(text, altchars=b"-_", validate=True)
            microseconds = int.from_bytes(raw[:_TIME_BYTES], "big")
            cursor = cls(_EPOCH + timedelta(microseconds=microseconds), UUID(bytes=raw[_TIME_BYTES:]))
        except (binascii.Error, ValueError, OverflowError):
            raise InvalidInput("The cursor is not one that was given out.") from None
        if str(cursor) != text:
            raise InvalidInput("The cursor is not one that was given out.")
        return cursor
