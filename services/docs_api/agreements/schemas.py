"""Agreements on the wire."""

import re
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from services.docs_api.wire import Identifier, Wire, has_controls

MAX_TEXT = 15_000
"""Characters; four bytes each still pass the limit of a JSON body."""


def _readable(text: str) -> str:
    """Lines of words. What is hidden, or turns the direction of writing, would be signed unread."""
    if not text.strip() or any(has_controls(line) for line in re.split(r"\r?\n|\t", text)):
        raise PydanticCustomError("unsafe_text", "visible characters, line ends and tabs are needed")
    return text


class NewNdaVersion(Wire):
    text: Annotated[str, Field(max_length=MAX_TEXT), AfterValidator(_readable)]


class NdaQuery(Wire):
    version: Annotated[int | None, Field(strict=False, ge=1, le=10**9)] = None
    """The current one, if absent."""


class NdaView(Wire):
    engagement_id: UUID
    version: int
    text: str
    sha256: str
    """Of the text in UTF-8."""
    current: bool
    created_at: datetime
    created_by: UUID


class NewSignature(Wire):
    engagement_id: Identifier
    version: Annotated[int, Field(ge=1, le=10**9)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class SignatureView(Wire):
    engagement_id: UUID
    version: int
    sha256: str
    member_id: UUID
    signed_at: datetime
