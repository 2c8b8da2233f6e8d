"""Matters on the wire."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from services.docs_api.wire import Identifier, Line, Wire


class NewMatter(Wire):
    number: Line
    title: Line
    client: Line
    practice_area: Line
    sensitivity: Literal["standard", "high"]
    supervising_attorney_id: Identifier


class MatterView(Wire):
    id: UUID
    number: str
    title: str
    client: str
    practice_area: str
    sensitivity: str
    supervising_attorney_id: UUID
    state: str
    created_at: datetime
    created_by: UUID


class MatterPage(Wire):
    items: list[MatterView]
    next: str | None
