from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.docs_api.exits import service
from services.docs_api.exits.schemas import NewExitBundle
from services.kernel.http.operation import declare, json_body
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute, tags=["matters"])


class TarResponse(Response):
    media_type = "application/x-tar"


@router.post(
    "/v1/matters/{matter_id}/exit-bundle",
    response_class=TarResponse,
    **declare(
        "matters.export",
        scopes=(Scope.MATTER_EXPORT,),
        event="matter.exported",
        fresh=True,
        problems=(429,),
        **json_body(),
    ),
)
async def export(request: Request, matter_id: UUID, body: NewExitBundle) -> Response:
    """Take a whole matter away: sealed objects, manifest, and the keys sealed to a key of the firm's own."""
    return await service.export_matter(request, matter_id, body)
