"""Wire types of the log."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from services.kernel.clock import timestamp

Id = Annotated[UUID, Field(strict=False)]
_YEARS = range(1970, 9999)  # a time zone's hours away from what `datetime` can hold


def _in_reason(moment: datetime) -> datetime:
    if moment.year not in _YEARS:
        raise ValueError("a year that no event can have")
    return moment


Moment = Annotated[AwareDatetime, Field(strict=False), AfterValidator(_in_reason)]
EventType = Annotated[str, Field(max_length=100, pattern=r"^[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)+$")]


class Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class LogFilter(Wire):
    """Which events: those that fit every field given. `from` is included, `until` is not."""

    matter: Id | None = None
    actor: Id | None = None
    document: Id | None = None
    type: EventType | None = None
    outcome: Literal["allowed", "denied", "failed", "info"] | None = None
    since: Moment | None = Field(default=None, alias="from")
    until: Moment | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise ValueError("from must be before until")
        return self

    def texts(self) -> dict[str, str]:
        """The fields given, as they stand in evidence and in a bundle's manifest."""
        ids = {"matter": self.matter, "actor": self.actor, "document": self.document}
        times = {"from": self.since, "until": self.until}
        given = {name: str(value) for name, value in ids.items() if value is not None}
        given |= {name: timestamp(value) for name, value in times.items() if value is not None}
        words = {"type": self.type, "outcome": self.outcome}
        return given | {name: value for name, value in words.items() if value is not None}


class LogQuery(LogFilter):
    """A filter, and which page of what fits it."""

    limit: Annotated[int, Field(strict=False, ge=1, le=200)] = 50
    cursor: Annotated[str | None, Field(max_length=100)] = None


class NewBundle(Wire):
    """What to put into a bundle. Without a filter it holds, and proves, the whole log."""

    filter: LogFilter = LogFilter()


class PersonalValue(Wire):
    """What an event only commits to: the value, or None once it was erased."""

    value: str | None
    erased: bool


class LogEntry(Wire):
    """One event.

    `event` has the fields of its exact bytes, whose SHA-256 is `sha256` (hex). `sealed` is the index of its
    leaf, None for the moment before it has one.
    """

    event: dict[str, Any]
    sha256: str
    sealed: int | None
    personal: dict[str, PersonalValue]


class LogPage(Wire):
    """Events, newest first."""

    items: list[LogEntry]
    next: str | None
