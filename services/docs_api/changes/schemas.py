"""Changes on the wire: ids, types and times, and no words."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from services.docs_api.changes.queries import ChangeRow
from services.docs_api.wire import MAX_CURSOR, Wire


class ChangesQuery(Wire):
    after: Annotated[str | None, Field(max_length=MAX_CURSOR)] = None
    """The `after` of an earlier answer; if absent, from the oldest that is kept."""
    limit: Annotated[int, Field(strict=False, ge=1, le=200)] = 50


class ChangeView(Wire):
    """One event of the firm's log that concerns one. `id` is the event's."""

    id: UUID
    at: datetime
    type: str
    matter_id: UUID
    document_id: UUID | None
    grant_id: UUID | None

    @classmethod
    def of(cls, row: ChangeRow) -> Self:
        return cls(
            id=row["id"],
            at=row["at"],
            type=row["type"],
            matter_id=row["matter_id"],
            document_id=row["document_id"],
            grant_id=row["object_id"] if row["object_kind"] == "grant" else None,
        )


class Changes(Wire):
    """`after` is where to go on, always there; `more` says that going on at once may find more."""

    items: list[ChangeView]
    after: str
    more: bool
