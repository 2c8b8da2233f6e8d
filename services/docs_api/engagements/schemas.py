"""Engagements on the wire."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from services.docs_api.wire import Identifier, Line, Moment, Wire
from services.kernel.countries import COUNTRIES, known_country

MAX_SERVICES = 20
Country = Annotated[str, AfterValidator(known_country)]
"""An assigned alpha-2 code of ISO 3166-1."""


class NewEngagement(Wire):
    provider_id: Identifier
    services: Annotated[list[Line], Field(min_length=1, max_length=MAX_SERVICES)]
    starts_at: Moment | None = None
    """Now, if absent."""
    ends_at: Moment | None = None
    countries: Annotated[list[Country], Field(max_length=len(COUNTRIES), default_factory=list)]
    """Where the provider's people may be; anywhere, if empty."""
    consent_required: bool = False
    """Whether nothing opens in a matter before its client's consent is on record."""

    @model_validator(mode="after")
    def _term(self) -> Self:
        if self.ends_at is not None and self.starts_at is not None and self.ends_at <= self.starts_at:
            raise PydanticCustomError("term", "ends_at must come after starts_at")
        if len(set(self.countries)) != len(self.countries):
            raise PydanticCustomError("duplicate", "a country is named twice")
        return self


class NewTerm(Wire):
    """The beginning stays as it is if it is absent; without an end the engagement runs on."""

    starts_at: Moment | None = None
    ends_at: Moment | None


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
    countries: list[str]
    consent_required: bool
    nda_version: int | None
    """The version that everybody must have signed."""
    etag: str
    """What `If-Match` must say to change the term."""


class EngagementPage(Wire):
    items: list[EngagementView]
    next: str | None
