"""Grants on the wire."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from services.docs_api.wire import Identifier, Line, Moment, Slug, Wire

MAX_CLASSES = 50


class NewGrant(Wire):
    member_id: Identifier
    engagement_id: Identifier
    classes: Annotated[list[Slug], Field(min_length=1, max_length=MAX_CLASSES)]
    permissions: Annotated[
        list[Literal["read"]], Field(min_length=1, max_length=1, default_factory=lambda: ["read"])
    ]
    starts_at: Moment | None = None
    """Now, if absent."""
    ends_at: Moment
    purpose: Line
    request_id: Identifier | None = None
    """The access request that this grant answers."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.starts_at is not None and self.ends_at <= self.starts_at:
            raise PydanticCustomError("term", "ends_at must come after starts_at")
        if len(set(self.classes)) != len(self.classes):
            raise PydanticCustomError("duplicate", "a class is named twice")
        return self


class GrantView(Wire):
    id: UUID
    matter_id: UUID
    engagement_id: UUID
    provider_id: UUID
    member_id: UUID
    classes: list[str]
    permissions: list[str]
    starts_at: datetime
    ends_at: datetime
    purpose: str
    created_at: datetime
    created_by: UUID
    revoked_at: datetime | None
    conditions: list[str]
    """What it still waits for, by the names that its holder is told."""


class RevokedGrantView(GrantView):
    remaining: list[UUID]
    """Other grants of the same person in the matter that name a class of this one, and have not ended."""


class GrantPage(Wire):
    items: list[GrantView]
    next: str | None


class Lifting(Wire):
    """A condition that is not met, who can lift it, and by which operation."""

    condition: str
    lifted_by: str
    operation: str
    engagement_id: UUID
    version: int | None = None


class OwnGrantView(Wire):
    """A grant as its holder sees it; its purpose may speak of the client, so it is not here."""

    id: UUID
    matter_id: UUID
    engagement_id: UUID
    classes: list[str]
    permissions: list[str]
    starts_at: datetime
    ends_at: datetime
    conditions: list[Lifting]


class OwnGrantPage(Wire):
    items: list[OwnGrantView]
    next: str | None
