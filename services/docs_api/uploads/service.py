"""An upload as its sender sees it."""

from uuid import UUID

from sqlalchemy import and_, select

from services.docs_api.access import MEMBER, TENANT, on_matter, parameters
from services.docs_api.documents.schemas import UploadView
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.problems import NotFound
from services.tables.content import Upload
from services.tables.docs import Matter


async def read_upload(act: Act, upload_id: UUID) -> UploadView:
    """How far an upload of one's own has come.

    Raises:
        NotFound: there is none, or one is no longer on its matter.
    """
    if act.principal.acts_for_another:
        raise NotFound
    upload = await act.session.scalar(
        select(Upload)
        .join(Matter, and_(Matter.tenant_id == Upload.tenant_id, Matter.id == Upload.matter_id))
        .where(Upload.tenant_id == TENANT, Upload.id == upload_id, Upload.member_id == MEMBER, on_matter()),
        parameters(act.principal, act.now),
    )
    if upload is None:
        raise NotFound
    await act.record(Draft("upload.read", subject=subject_of(upload)))
    return upload_view(upload)


def subject_of(upload: Upload) -> Subject:
    return Subject("document", upload.document_id, upload.matter_id, upload.document_id, upload.version_id)


def upload_view(upload: Upload) -> UploadView:
    return UploadView(
        id=upload.id,
        matter_id=upload.matter_id,
        document_id=upload.document_id,
        state=upload.state,
        received_bytes=upload.received_bytes,
        expires_at=upload.expires_at,
    )
