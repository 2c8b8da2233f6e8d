"""Wire types of external people."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from services.auth.wire import Id, Wire


class ExternalTerms(Wire):
    """Who answers for somebody, and their last day here; it ends at midnight, UTC."""

    sponsor_id: Id
    ends_on: Annotated[date, Field(strict=False)]


class ExternalMemberView(Wire):
    id: UUID
    name: str
    state: Literal["active", "suspended"]
    sponsor_id: UUID
    sponsor_active: bool
    """False: the sponsor has left or is suspended, and somebody else must answer for them."""
    ends_on: date
    ended: bool


class ExternalMemberPage(Wire):
    items: list[ExternalMemberView]
    next: str | None
