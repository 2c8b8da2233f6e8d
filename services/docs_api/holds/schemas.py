"""Holds on the wire."""

from datetime import datetime
from uuid import UUID

from services.docs_api.wire import Identifier, Line, Wire


class NewHold(Wire):
    document_id: Identifier | None = None
    """One document of the matter; the whole matter, if absent."""
    reason: Line


class Release(Wire):
    reason: Line


class HoldView(Wire):
    id: UUID
    matter_id: UUID
    document_id: UUID | None
    reason: str
    placed_at: datetime
    placed_by: UUID
    released_at: datetime | None
    released_by: UUID | None
    release_reason: str | None


class HoldPage(Wire):
    items: list[HoldView]
    next: str | None
