from fastapi import APIRouter

from services.docs_api.inbox import service
from services.docs_api.inbox.schemas import Inbox
from services.evidence.act import ActDep
from services.kernel.http.operation import declare
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute, tags=["inbox"])


@router.get("/v1/inbox", **declare("inbox.read", scopes=(Scope.SELF,), event="inbox.read"))
async def read(act: ActDep) -> Inbox:
    """Read what waits for you in the organization that you act for."""
    return await service.read_inbox(act)
