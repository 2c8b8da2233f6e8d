"""Factor resets over HTTP: parse, call, return."""

from uuid import UUID

from fastapi import APIRouter

from services.auth.credentials.schemas import FactorBegun
from services.auth.resets import redeeming, service
from services.auth.resets.schemas import ResetRedeem, ResetReleased, ResetView
from services.auth.resources import ResourcesDep
from services.auth.visit import VisitDep
from services.evidence.act import OwnActDep
from services.kernel.http.operation import declare, json_body
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute)


@router.post(
    "/v1/organizations/{organization_id}/factor-reset",
    status_code=201,
    **declare(
        "organizations.request_factor_reset",
        scopes=(Scope.FACTOR_RESET,),
        event="organization.factor_reset.requested",
        fresh=True,
        problems=(409,),
    ),
)
async def request(act: OwnActDep, organization_id: UUID) -> ResetView:
    """Ask that an organization's only administrator, who lost both factors, may enrol anew."""
    return await service.request(act, organization_id)


@router.post(
    "/v1/organizations/{organization_id}/factor-reset/release",
    **declare(
        "organizations.release_factor_reset",
        scopes=(Scope.FACTOR_RESET,),
        event="organization.factor_reset.released",
        fresh=True,
        problems=(409,),
    ),
)
async def release(act: OwnActDep, resources: ResourcesDep, organization_id: UUID) -> ResetReleased:
    """Release a reset: another operator's, or your own after 72 hours; the code is shown once."""
    return await service.release(act, resources, organization_id)


@router.post(
    "/v1/organization/factor-reset/cancel",
    **declare(
        "organization.cancel_factor_reset",
        # No fresh factor: who still has a session, and has lost the factor, can stop somebody else's reset.
        scopes=(Scope.MEMBER_MANAGE,),
        event="organization.factor_reset.cancelled",
    ),
)
async def cancel(act: OwnActDep) -> ResetView:
    """Stop a reset in your organization, released or not."""
    return await service.cancel(act)


@router.post(
    "/v1/recover/reset",
    status_code=201,
    **declare(
        "recover.reset", access="public", event="member.recovery.started", problems=(403, 410), **json_body()
    ),
)
async def redeem(visit: VisitDep, body: ResetRedeem) -> FactorBegun:
    """Trade the code of a released reset for a new password and the enrolment of a new authenticator."""
    return await redeeming.redeem(visit, body)
