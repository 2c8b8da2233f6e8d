"""Changes on the wire: ids, types and times, and no words."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from services.docs_api.changes.queries import ChangeRow
from services.docs_api.wire import MAX_CURSOR, Wire

_NAMED = ("grant", "access_request", "engagement")


class ChangesQuery(Wire):
    after: Annotated[str | None, Field(max_length=MAX_CURSOR)] = None
    """The `after` of an earlier answer; if absent, from the oldest that is kept."""
    limit: Annotated[int, Field(strict=False, ge=1, le=200)] = 50


class ChangeView(Wire):
    """One event of the firm's log that concerns one. `id` is the event's."""

    id: UUID
    at: datetime
    type: str
    matter_id: UUID | None
    """None where it is about an engagement."""
    document_id: UUID | None
    grant_id: UUID | None
    access_request_id: UUID | None
    engagement_id: UUID | None

    @classmethod
    def of(cls, row: ChangeRow) -> Self:
        return cls(
            id=row["id"],
            at=row["at"],
            type=row["type"],
            matter_id=row["matter_id"],
            document_id=row["document_id"],
            **{f"{kind}_id": row["object_id"] if row["object_kind"] == kind else None for kind in _NAMED},
        )


class Changes(Wire):
    """`after` is where to go on, always there; `more` says that going on at once may find more."""

    items: list[ChangeView]
    after: str
    more: bool
