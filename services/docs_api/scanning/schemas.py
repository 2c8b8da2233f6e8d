"""What a scan came to, on the wire."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from services.docs_api.wire import Wire


class ScanView(Wire):
    result: str
    """`not-configured`, `clean`, `infected`, `too-large` or `too-large-accepted`."""
    at: datetime | None
    engine: str | None
    """The scanner and its signatures, as it calls them; null where none looked at the content."""
    signature: str | None
    """What was found, as the scanner calls it."""
    released_at: datetime | None
    """When it was let out of the quarantine, whatever the result."""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Of a row with a version's columns; what is older than scans is `not-configured` too."""
        return cls(
            result=row["scan_result"] or "not-configured",
            at=row["scanned_at"],
            engine=row["scan_engine"],
            signature=row["scan_signature"],
            released_at=row["released_at"],
        )
