"""Inviting and joining over HTTP: parse, call, return."""

from fastapi import APIRouter

from services.auth.enrolment import inviting, service
from services.auth.enrolment.schemas import Enrolment, InvitationMade, Join, NewInvitation
from services.auth.resources import ResourcesDep
from services.auth.sessions.schemas import ChallengeAnswer
from services.auth.visit import VisitDep
from services.auth.wire import TokenPair
from services.evidence.act import OwnActDep
from services.kernel.http.operation import declare, json_body
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute)


@router.post(
    "/v1/join",
    status_code=201,
    **declare(
        "join.redeem",
        access="public",
        event="member.enrolment.started",
        problems=(403, 409, 410),
        **json_body(),
    ),
)
async def redeem(visit: VisitDep, body: Join) -> Enrolment:
    """Redeem an invitation; the answer holds the TOTP secret to enrol and the challenge to confirm."""
    return await service.redeem(visit, body)


@router.post(
    "/v1/join/confirm",
    **declare("join.confirm", access="public", event="session.started", problems=(403, 410), **json_body()),
)
async def confirm(visit: VisitDep, body: ChallengeAnswer) -> TokenPair:
    """Finish the enrolment with a code, and be signed in."""
    return await service.confirm(visit, body)


@router.post(
    "/v1/invitations",
    status_code=201,
    **declare(
        "invitations.create",
        scopes=(Scope.MEMBER_INVITE,),
        event="member.invited",
        fresh=True,
        problems=(409,),
        **json_body(),
    ),
)
async def invite(act: OwnActDep, resources: ResourcesDep, body: NewInvitation) -> InvitationMade:
    """Invite somebody into your organization; the code is shown once, or mailed to the address invited."""
    return await inviting.invite(act, resources, body)
