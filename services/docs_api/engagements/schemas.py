"""Engagements on the wire."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from services.docs_api.wire import Identifier, Line, Moment, Wire

MAX_SERVICES = 20


class NewEngagement(Wire):
    provider_id: Identifier
    services: Annotated[list[Line], Field(min_length=1, max_length=MAX_SERVICES)]
    starts_at: Moment | None = None
    """Now, if absent."""
    ends_at: Moment | None = None

    @model_validator(mode="after")
    def _term(self) -> Self:
        if self.ends_at is not None and self.starts_at is not None and self.ends_at <= self.starts_at:
            raise PydanticCustomError("term", "ends_at must come after starts_at")
        return self


class EngagementView(Wire):
    id: UUID
    firm_id: UUID
    provider_id: UUID
    services: list[str]
    starts_at: datetime
    ends_at: datetime | None
    state: str
    created_at: datetime
    ended_at: datetime | None


class EngagementPage(Wire):
    items: list[EngagementView]
    next: str | None
