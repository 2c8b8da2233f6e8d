"""Stalled uploads on the wire."""

from datetime import datetime
from typing import Any
from uuid import UUID

from services.docs_api.wire import Wire


class StalledUpload(Wire):
    id: UUID
    organization_id: UUID
    state: str
    """`verifying` or `scanning`; `rejected`, if its content is damaged and kept as evidence."""
    waiting_since: datetime
    attempts: int
    """How often it was tried in vain."""
    reason: str | None
    """Why it was."""

    @classmethod
    def of(cls, row: Any) -> "StalledUpload":  # noqa: ANN401 -- a record of asyncpg's
        return cls(
            id=row["id"],
            organization_id=row["tenant_id"],
            state=row["state"],
            waiting_since=row["since"],
            attempts=row["attempts"],
            reason=row["reason"],
        )


class StalledPage(Wire):
    items: list[StalledUpload]
    next: str | None
