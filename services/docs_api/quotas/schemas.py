"""Quotas on the wire. All sizes are in bytes of content, as its senders and readers count it."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.docs_api.wire import Wire

LARGEST = 2**53 - 1
"""The largest number that every program reads exactly."""


class Usage(Wire):
    """What is held and reserved."""

    held_bytes: int
    """The content of versions, whatever became of them after they came."""
    reserved_bytes: int
    """What open uploads will bring, as far as it is known, and what came of them."""
    quota_bytes: int | None
    """How much both may be together; null: as much as comes."""
    quota_is_default: bool
    """Whether that is the same for all that have no figure of their own."""


class MatterUsageView(Usage):
    matter_id: UUID


class MatterUsagePage(Wire):
    items: list[MatterUsageView]
    next: str | None


class NewMatterQuota(Wire):
    quota_bytes: Annotated[int, Field(ge=1, le=LARGEST)] | None
    """Null: the default again."""
