"""Grants on the wire."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from services.docs_api.wire import Identifier, Line, Moment, Slug, Wire

MAX_CLASSES = 50


class NewGrant(Wire):
    member_id: Identifier | None = None
    team_id: Identifier | None = None
    """Instead of a member: a team of the provider. Whoever is in it may use the grant, while they are."""
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
        if (self.member_id is None) == (self.team_id is None):
            raise PydanticCustomError("holder", "a grant is given to a member or to a team")
        if self.team_id is not None and self.request_id is not None:
            raise PydanticCustomError("request", "a request is answered by a grant to a member")
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
    member_id: UUID | None
    team_id: UUID | None
    classes: list[str]
    permissions: list[str]
    starts_at: datetime
    ends_at: datetime
    purpose: str
    created_at: datetime
    created_by: UUID
    revoked_at: datetime | None
    conditions: list[str]
    """What it still waits for, by the names that holders are told; not what is each person's of a team."""


class RevokedGrantView(GrantView):
    remaining: list[UUID]
    """Other grants in the matter that name a class of this one, and have not ended.

    Of the same person, in person or by a team; or of the same team, or of somebody in it.
    """


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
    team_id: UUID | None
    """By which team one holds it; None for a grant in person."""
    classes: list[str]
    permissions: list[str]
    starts_at: datetime
    ends_at: datetime
    conditions: list[Lifting]


class OwnGrantPage(Wire):
    items: list[OwnGrantView]
    next: str | None
