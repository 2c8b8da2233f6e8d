from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.docs_api.stalled import service
from services.docs_api.stalled.schemas import StalledPage
from services.docs_api.wire import ListQuery
from services.evidence.act import ActDep
from services.kernel.http.operation import declare
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute, tags=["uploads"])


@router.get(
    "/v1/stalled-uploads",
    **declare("stalled_uploads.list", scopes=(Scope.UPLOAD_MEND,), event="upload.stalled.listed"),
)
async def list_(act: ActDep, query: Annotated[ListQuery, Query()]) -> StalledPage:
    """List uploads that have waited for longer than they should, or are rejected and kept as evidence."""
    return await service.list_stalled(act, query)


@router.post(
    "/v1/organizations/{organization_id}/uploads/{upload_id}/retry",
    status_code=204,
    **declare("stalled_uploads.retry", scopes=(Scope.UPLOAD_MEND,), event="upload.retried"),
)
async def retry(act: ActDep, organization_id: UUID, upload_id: UUID) -> None:
    """Verify or scan an upload again now, however long that was put off."""
    await service.retry(act, organization_id, upload_id)


@router.post(
    "/v1/organizations/{organization_id}/uploads/{upload_id}/reject",
    status_code=204,
    **declare(
        "stalled_uploads.reject",
        scopes=(Scope.UPLOAD_MEND,),
        event="upload.rejected",
        fresh=True,
        problems=(409,),
    ),
)
async def reject(act: ActDep, organization_id: UUID, upload_id: UUID) -> None:
    """Give up an upload that has stalled, or what is kept of one that is damaged; nothing that is held."""
    await service.reject(act, organization_id, upload_id)
