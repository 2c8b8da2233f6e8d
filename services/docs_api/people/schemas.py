"""People on a matter, on the wire."""

from datetime import datetime
from uuid import UUID

from services.docs_api.wire import Wire


class MatterPersonView(Wire):
    matter_id: UUID
    member_id: UUID
    added_at: datetime
    added_by: UUID


class MatterPersonPage(Wire):
    items: list[MatterPersonView]
    next: str | None
