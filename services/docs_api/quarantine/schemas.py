"""The quarantine on the wire."""

from uuid import UUID

from services.docs_api.scanning.schemas import ScanView
from services.docs_api.wire import Line, Wire


class LettingOut(Wire):
    reason: Line
    """Why the content is let out in spite of the scan; kept sealed beside the version."""


class QuarantinedView(Wire):
    """A version that nobody can fetch."""

    id: UUID
    document_id: UUID
    number: int
    name: str
    folder: str
    class_id: str
    length_bytes: int
    sha256: str
    created_by: UUID
    scan: ScanView


class QuarantinePage(Wire):
    items: list[QuarantinedView]
    next: str | None
