from uuid import UUID

from fastapi import APIRouter

from services.docs_api.documents.schemas import UploadView
from services.docs_api.uploads import service
from services.evidence.act import ActDep
from services.kernel.http.operation import declare
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute, tags=["uploads"])


@router.get(
    "/v1/uploads/{upload_id}",
    **declare("uploads.get", scopes=(Scope.DOCUMENT_WRITE,), event="upload.read"),
)
async def get(act: ActDep, upload_id: UUID) -> UploadView:
    """Read how far an upload has come."""
    return await service.read_upload(act, upload_id)
