"""What becomes of the content of a version that is rejected.

All of it was acknowledged. What is not wanted, because it is not what was declared or an operator gave it up,
goes, unless it is held: then it goes once the hold is released (`sweep`). What is damaged stays as evidence,
as much as there is of it, until an operator has it removed. What stays counts for the quotas.
"""

from typing import Final
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.docs_api.transfers.errors import DigestMismatch
from services.tables.content import Segment, Upload

BY_OPERATOR: Final = "rejected-by-operator"
UNWANTED: Final = (DigestMismatch.slug, BY_OPERATOR)
"""For these reasons nothing is kept but what is held."""


async def forget_unless_held(session: AsyncSession, upload: Upload) -> list[str] | None:
    """Forget the content of a rejected upload; the keys of its objects, or None if it is held and stays."""
    held = select(func.is_held(upload.tenant_id, upload.matter_id, upload.document_id))
    if await session.scalar(held):
        return None
    gone = await session.scalars(
        delete(Segment)
        .where(Segment.tenant_id == upload.tenant_id, Segment.version_id == upload.version_id)
        .returning(Segment.object_key)
    )
    await session.execute(
        update(Upload)
        .where(Upload.tenant_id == upload.tenant_id, Upload.id == upload.id)
        .values(received_bytes=0)
    )
    return list(gone)


async def upload_of(session: AsyncSession, tenant: UUID, upload_id: UUID) -> Upload:
    found = await session.scalars(select(Upload).where(Upload.tenant_id == tenant, Upload.id == upload_id))
    return found.one()
