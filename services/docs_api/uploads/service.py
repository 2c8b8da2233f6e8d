"""An upload as its sender sees it."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select

from services.docs_api.access import MEMBER, TENANT, on_matter, parameters
from services.docs_api.documents.queries import SCAN_COLUMNS
from services.docs_api.documents.schemas import UploadView
from services.docs_api.scanning.schemas import ScanView
from services.docs_api.vault import vault_of
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.problems import NotFound
from services.tables.content import Upload, Version
from services.tables.docs import Matter

WAITING = ("verifying", "scanning")


async def read_upload(act: Act, upload_id: UUID) -> UploadView:
    """How far an upload of one's own has come, and what became of it.

    Raises:
        NotFound: there is none, or one is no longer on its matter.
    """
    if act.principal.acts_for_another:
        raise NotFound
    found = await act.session.execute(
        select(Upload, Version.state, *SCAN_COLUMNS)
        .join(Matter, and_(Matter.tenant_id == Upload.tenant_id, Matter.id == Upload.matter_id))
        .join(Version, and_(Version.tenant_id == Upload.tenant_id, Version.id == Upload.version_id))
        .where(Upload.tenant_id == TENANT, Upload.id == upload_id, Upload.member_id == MEMBER, on_matter()),
        parameters(act.principal, act.now),
    )
    found_row = found.mappings().one_or_none()
    if found_row is None:
        raise NotFound
    row: dict[str, Any] = {str(name): value for name, value in found_row.items()}
    upload: Upload = row["Upload"]
    await act.record(Draft("upload.read", subject=subject_of(upload)))
    decided = row["scan_result"] is not None or row["state"] == "available"
    view = new_upload_view(upload)
    waiting = upload.state in WAITING
    since = (upload.waiting_since or upload.created_at) if waiting else None
    return view.model_copy(
        update={
            "waiting_since": since,
            "stalled": since is not None and is_stalled(act, since),
            "scan": ScanView.of(row) if decided else None,
        }
    )


def is_stalled(act: Act, since: datetime) -> bool:
    """Whether what has waited since then has waited longer than it should."""
    return act.now - since > timedelta(seconds=vault_of(act.request).settings.stalled_seconds)


def subject_of(upload: Upload) -> Subject:
    return Subject("document", upload.document_id, upload.matter_id, upload.document_id, upload.version_id)


def new_upload_view(upload: Upload) -> UploadView:
    """An upload that waits for nothing."""
    return UploadView(
        id=upload.id,
        matter_id=upload.matter_id,
        document_id=upload.document_id,
        state=upload.state,
        received_bytes=upload.received_bytes,
        expires_at=upload.expires_at,
        waiting_since=None,
        stalled=False,
        attempts=upload.attempts,
        reason=upload.reason,
        scan=None,
    )
