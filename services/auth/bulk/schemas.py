"""Wire types of many members at once."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from services.auth.enrolment.schemas import InvitationMade
from services.auth.wire import Wire


class BulkQuery(Wire):
    dry_run: Annotated[bool, Field(strict=False)] = False
    """Say what would happen, and change nothing."""


class BulkProblem(Wire):
    """What is wrong with a row; `row` is its line in the file, `column` empty for the row as a whole."""

    row: int
    column: str
    problem: str
    title: str


class BulkResult(Wire):
    row: int
    action: Literal["invite", "offboard", "suspend"]
    member_id: UUID | None
    """Who was suspended or off-boarded."""
    invitation: InvitationMade | None
    """Its code is shown here, once; none in a dry run."""


class BulkDone(Wire):
    dry_run: bool
    results: list[BulkResult]
    problems: list[BulkProblem]
    """In a dry run alone: with any, the same file would be refused as a whole."""
