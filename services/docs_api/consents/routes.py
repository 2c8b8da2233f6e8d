from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.docs_api.consents import service
from services.docs_api.consents.schemas import ConsentPage, ConsentView, NewConsent
from services.docs_api.wire import ListQuery
from services.evidence.act import ActDep
from services.kernel.http.operation import declare, json_body
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute, tags=["consents"])


@router.post(
    "/v1/matters/{matter_id}/consents",
    status_code=201,
    **declare(
        "consents.record",
        scopes=(Scope.CONSENT_RECORD,),
        event="consent.recorded",
        problems=(409,),
        **json_body(),
    ),
)
async def record(act: ActDep, matter_id: UUID, body: NewConsent) -> ConsentView:
    """Record that the client agrees to a provider's work on a matter."""
    return await service.record_consent(act, matter_id, body)


@router.get(
    "/v1/matters/{matter_id}/consents",
    **declare("consents.list", scopes=(Scope.CONSENT_READ,), event="consent.listed"),
)
async def list_(act: ActDep, matter_id: UUID, query: Annotated[ListQuery, Query()]) -> ConsentPage:
    """List the consents of a matter, withdrawn ones too."""
    return await service.list_consents(act, matter_id, query)


@router.post(
    "/v1/consents/{consent_id}/withdraw",
    **declare(
        "consents.withdraw", scopes=(Scope.CONSENT_RECORD,), event="consent.withdrawn", problems=(409,)
    ),
)
async def withdraw(act: ActDep, consent_id: UUID) -> ConsentView:
    """Withdraw a consent."""
    return await service.withdraw_consent(act, consent_id)
