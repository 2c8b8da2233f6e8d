"""Access requests on the wire."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from services.docs_api.wire import Identifier, Line, Moment, Slug, Wire

MAX_CLASSES = 50


class NewAccessRequest(Wire):
    member_id: Identifier | None = None
    """A colleague whom it is for; oneself, if absent."""
    classes: Annotated[list[Slug], Field(min_length=1, max_length=MAX_CLASSES)]
    ends_at: Moment
    """Until when access is needed."""
    reason: Line

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(set(self.classes)) != len(self.classes):
            raise PydanticCustomError("duplicate", "a class is named twice")
        return self


class Decline(Wire):
    note: Line
    """Why; those who asked read it."""


class AccessRequestView(Wire):
    id: UUID
    matter_id: UUID
    provider_id: UUID
    member_id: UUID
    """Whom it is for."""
    requested_by: UUID
    classes: list[str]
    ends_at: datetime
    reason: str | None
    """Null, as `note` is, for a colleague whom it is for: they may know nothing of the matter yet."""
    state: str
    """open, granted, declined, withdrawn, or lapsed."""
    created_at: datetime
    lapses_at: datetime
    decided_at: datetime | None
    note: str | None
    grant_id: UUID | None
    """The grant that answered it."""


class AccessRequestPage(Wire):
    items: list[AccessRequestView]
    next: str | None
