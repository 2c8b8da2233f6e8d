"""Signing in and out over HTTP: parse, call, return."""

from uuid import UUID

from fastapi import APIRouter

from services.auth.resources import ResourcesDep
from services.auth.sessions import own, renewal, sign_in, stepping
from services.auth.sessions.schemas import (
    ChallengeAnswer,
    Renewal,
    SecondFactorNeeded,
    SessionList,
    SessionName,
    SessionsEnded,
    SessionView,
    SignIn,
    StepUp,
    Switch,
)
from services.auth.visit import VisitDep
from services.auth.wire import AccessToken, TokenPair
from services.evidence.act import OwnActDep
from services.kernel.http.operation import declare, json_body
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute)


@router.post(
    "/v1/sign-in",
    **declare("sign_in.password", access="public", event="session.password.accepted", **json_body()),
)
async def accept_password(visit: VisitDep, body: SignIn) -> SecondFactorNeeded:
    """Show the first factor; the answer is a challenge for the second."""
    return await sign_in.accept_password(visit, body)


@router.post(
    "/v1/sign-in/confirm",
    **declare("sign_in.confirm", access="public", event="session.started", problems=(403,), **json_body()),
)
async def confirm_sign_in(visit: VisitDep, body: ChallengeAnswer) -> TokenPair:
    """Answer the challenge with a code, and be signed in."""
    return await sign_in.confirm_sign_in(visit, body)


@router.post(
    "/v1/tokens/refresh",
    **declare("tokens.refresh", access="public", event="token.refreshed", problems=(403,), **json_body()),
)
async def refresh(visit: VisitDep, body: Renewal) -> TokenPair:
    """Trade a refresh token, which works once, for new tokens."""
    return await renewal.refresh(visit, body)


@router.post(
    "/v1/tokens/switch",
    **declare("tokens.switch", scopes=(Scope.SELF,), event="token.switched", **json_body()),
)
async def switch(act: OwnActDep, resources: ResourcesDep, body: Switch) -> AccessToken:
    """Get a token to act for another organization, or for your own again."""
    return await renewal.switch(act, resources, body.organization_id)


@router.post(
    "/v1/step-up",
    **declare(
        "step_up.confirm", scopes=(Scope.SELF,), event="session.stepped_up", problems=(429,), **json_body()
    ),
)
async def step_up(visit: VisitDep, body: StepUp) -> AccessToken:
    """Prove the second factor again, for operations that want it fresh."""
    return await stepping.step_up(visit, body)


@router.post(
    "/v1/sign-out",
    status_code=204,
    **declare("sessions.end", scopes=(Scope.SELF,), event="session.ended"),
)
async def sign_out(act: OwnActDep) -> None:
    """End the session everywhere, at once."""
    await stepping.sign_out(act)


@router.get("/v1/me/sessions", **declare("sessions.list", scopes=(Scope.SELF,), event="session.listed"))
async def list_sessions(act: OwnActDep, resources: ResourcesDep) -> SessionList:
    """List where you are signed in, the newest first."""
    return await own.list_sessions(act, resources.keys)


@router.put(
    "/v1/me/sessions/{session_id}/name",
    **declare("sessions.name", scopes=(Scope.SELF,), event="session.named", **json_body()),
)
async def name_session(
    act: OwnActDep, resources: ResourcesDep, session_id: UUID, body: SessionName
) -> SessionView:
    """Name one of your sessions, as by the device that it is on."""
    return await own.name_session(act, resources.keys, session_id, body)


@router.post(
    "/v1/me/sessions/{session_id}/end",
    status_code=204,
    **declare("sessions.end_one", scopes=(Scope.SELF,), event="session.ended"),
)
async def end_own_session(act: OwnActDep, session_id: UUID) -> None:
    """End one of your sessions, as that of a device which was lost."""
    await own.end_own_session(act, session_id)


@router.post(
    "/v1/me/sessions/end-others",
    **declare("sessions.end_others", scopes=(Scope.SELF,), event="session.others.ended"),
)
async def end_other_sessions(act: OwnActDep) -> SessionsEnded:
    """End all of your sessions but this one."""
    return await own.end_other_sessions(act)


@router.post(
    "/v1/members/{member_id}/end-sessions",
    **declare(
        "members.end_sessions", scopes=(Scope.MEMBER_MANAGE,), event="member.sessions.ended", fresh=True
    ),
)
async def end_sessions_of(act: OwnActDep, member_id: UUID) -> SessionsEnded:
    """Sign a member of your organization out everywhere."""
    return await own.end_sessions_of(act, member_id)
