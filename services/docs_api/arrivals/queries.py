"""Statements about uploads that have all their content, and wait for what comes then."""

from typing import Any
from uuid import UUID

from services.docs_api.tus.queries import uploads_with_keys
from services.tables.content import Upload

_WAITING = """
(SELECT tenant_id, id, state FROM uploads
 WHERE state = '{state}' AND (lease_expires_at IS NULL OR lease_expires_at <= $1)
     AND (next_attempt_at IS NULL OR next_attempt_at <= $1)
 ORDER BY waiting_since NULLS FIRST, id LIMIT 16)
"""
STATES = ("verifying", "scanning")
WAITING = " UNION ALL ".join(_WAITING.format(state=state) for state in STATES)
"""Those that nobody works on, and that it is time to try: $1 now. The sweeper's; past the tenants."""


def arrived(tenant: UUID, upload_id: UUID, state: str) -> Any:  # noqa: ANN401 -- SQLAlchemy's Select of many columns
    """An upload that has all its content, locked, for who verifies or scans it."""
    query = uploads_with_keys(Upload.tenant_id == tenant, Upload.id == upload_id, Upload.state == state)
    return query.with_for_update(of=Upload, skip_locked=True)
