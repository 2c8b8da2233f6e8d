from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.docs_api.agreements import service
from services.docs_api.agreements.schemas import (
    NdaQuery,
    NdaView,
    NewNdaVersion,
    NewSignature,
    SignatureView,
)
from services.evidence.act import ActDep
from services.kernel.http.operation import declare, json_body
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute, tags=["agreements"])


@router.post(
    "/v1/engagements/{engagement_id}/nda-versions",
    status_code=201,
    **declare(
        "nda.publish",
        scopes=(Scope.ENGAGEMENT_MANAGE,),
        event="nda.published",
        fresh=True,
        problems=(409,),
        **json_body(),
    ),
)
async def publish(act: ActDep, engagement_id: UUID, body: NewNdaVersion) -> NdaView:
    """Publish a version of the text; grants under the engagement wait until it is signed."""
    return await service.publish_version(act, engagement_id, body)


@router.get(
    "/v1/engagements/{engagement_id}/nda",
    **declare("nda.get", scopes=(Scope.NDA_READ,), event="nda.read"),
)
async def get(act: ActDep, engagement_id: UUID, query: Annotated[NdaQuery, Query()]) -> NdaView:
    """Read the text of an engagement."""
    return await service.read_version(act, engagement_id, query)


@router.post(
    "/v1/nda-signatures",
    status_code=201,
    **declare("nda.sign", scopes=(Scope.NDA_SIGN,), event="nda.signed", problems=(409,), **json_body()),
)
async def sign(act: ActDep, body: NewSignature) -> SignatureView:
    """Sign the current text for yourself."""
    return await service.sign(act, body)
