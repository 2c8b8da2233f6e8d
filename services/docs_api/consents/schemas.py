"""Consents on the wire."""

from datetime import datetime
from uuid import UUID

from services.docs_api.wire import Line, Moment, Wire


class NewConsent(Wire):
    given_at: Moment
    note: Line


class ConsentView(Wire):
    id: UUID
    matter_id: UUID
    given_at: datetime
    note: str
    recorded_at: datetime
    recorded_by: UUID
    withdrawn_at: datetime | None


class ConsentPage(Wire):
    items: list[ConsentView]
    next: str | None
