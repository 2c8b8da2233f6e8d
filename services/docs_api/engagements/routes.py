from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query

from services.docs_api.engagements import service
from services.docs_api.engagements.schemas import EngagementPage, EngagementView, NewEngagement, NewTerm
from services.docs_api.wire import ListQuery
from services.evidence.act import ActDep
from services.kernel.http.operation import declare, json_body
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute, tags=["engagements"])


@router.post(
    "/v1/engagements",
    status_code=201,
    **declare(
        "engagements.create",
        scopes=(Scope.ENGAGEMENT_MANAGE,),
        event="engagement.created",
        fresh=True,
        problems=(409,),
        **json_body(),
    ),
)
async def create(act: ActDep, body: NewEngagement) -> EngagementView:
    """Admit a provider."""
    return await service.create_engagement(act, body)


@router.get(
    "/v1/engagements",
    **declare("engagements.list", scopes=(Scope.ENGAGEMENT_READ,), event="engagement.listed"),
)
async def list_(act: ActDep, query: Annotated[ListQuery, Query()]) -> EngagementPage:
    """List the engagements of one's organization."""
    return await service.list_engagements(act, query)


@router.post(
    "/v1/engagements/{engagement_id}/end",
    **declare(
        "engagements.end",
        scopes=(Scope.ENGAGEMENT_MANAGE,),
        event="engagement.ended",
        fresh=True,
        problems=(409,),
    ),
)
async def end(act: ActDep, engagement_id: UUID) -> EngagementView:
    """End an engagement, and with it every grant under it."""
    return await service.end_engagement(act, engagement_id)


@router.patch(
    "/v1/engagements/{engagement_id}",
    **declare(
        "engagements.change",
        scopes=(Scope.ENGAGEMENT_MANAGE,),
        event="engagement.changed",
        fresh=True,
        problems=(409, 412, 428),
        **json_body(),
    ),
)
async def change(
    act: ActDep,
    engagement_id: UUID,
    body: NewTerm,
    if_match: Annotated[str | None, Header(max_length=200)] = None,
) -> EngagementView:
    """Change the term of an engagement."""
    return await service.change_term(act, engagement_id, if_match, body)
