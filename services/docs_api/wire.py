"""What crosses the wire in every noun: strict models, and the few types that need care.

Identifiers and times are strings in JSON, so they alone are read from text in otherwise strict models.
"""

import re
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})")
_YEARS = range(2000, 2200)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
MAX_CURSOR = 200


class Wire(BaseModel):
    """Nothing unknown, nothing coerced, nothing changed afterwards."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _rfc3339_text(value: object) -> object:
    """Pydantic alone would also take a number of seconds."""
    if isinstance(value, datetime) or (isinstance(value, str) and _RFC3339.fullmatch(value)):
        return value
    raise PydanticCustomError("timestamp", "an RFC 3339 time with an offset is needed")


def _to_utc(value: datetime) -> datetime:
    if value.tzinfo is None or value.year not in _YEARS:
        raise PydanticCustomError("timestamp", "the time is out of range")
    return value.astimezone(UTC)


def has_controls(text: str) -> bool:
    """Whether `text` holds characters that break a line, a header or the direction of writing."""
    return _CONTROLS.search(text) is not None


def _one_line(text: str) -> str:
    if has_controls(text) or not text.strip():
        raise PydanticCustomError("unsafe_text", "visible characters without control characters are needed")
    return text


Identifier = Annotated[UUID, Field(strict=False)]
Moment = Annotated[datetime, Field(strict=False), BeforeValidator(_rfc3339_text), AfterValidator(_to_utc)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=300), AfterValidator(_one_line)]
"""One line of words."""
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]


class ListQuery(Wire):
    """Query of every list."""

    limit: Annotated[int, Field(strict=False, ge=1, le=200)] = 50
    cursor: Annotated[str | None, Field(max_length=MAX_CURSOR)] = None
