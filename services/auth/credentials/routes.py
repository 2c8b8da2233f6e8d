"""Credentials over HTTP: parse, call, return."""

from fastapi import APIRouter

from services.auth.credentials import recovery, replacing
from services.auth.credentials.schemas import FactorBegun, PasswordChange, Recover, RecoveryCodes
from services.auth.resources import ResourcesDep
from services.auth.sessions.schemas import ChallengeAnswer
from services.auth.visit import VisitDep
from services.evidence.act import OwnActDep
from services.kernel.http.operation import declare, json_body
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute)


@router.post(
    "/v1/recovery-codes",
    status_code=201,
    **declare(
        "recovery_codes.replace", scopes=(Scope.SELF,), event="member.recovery_codes.replaced", fresh=True
    ),
)
async def replace_codes(act: OwnActDep) -> RecoveryCodes:
    """Get ten recovery codes, shown once; the older ones are void."""
    return await recovery.replace(act)


@router.post(
    "/v1/recover",
    status_code=201,
    **declare("recover.begin", access="public", event="member.recovery.started", **json_body()),
)
async def recover(visit: VisitDep, body: Recover) -> FactorBegun:
    """Trade password and a recovery code for the enrolment of a new authenticator."""
    return await recovery.recover(visit, body)


@router.post(
    "/v1/recover/confirm",
    status_code=204,
    **declare("recover.confirm", access="public", event="member.recovery.completed", **json_body()),
)
async def confirm_recovery(visit: VisitDep, body: ChallengeAnswer) -> None:
    """Confirm the new authenticator with its first code; then sign in with it."""
    await recovery.confirm(visit, body)


@router.post(
    "/v1/me/totp",
    status_code=201,
    **declare("totp.replace", scopes=(Scope.SELF,), event="member.factor.replacement.started", fresh=True),
)
async def begin_authenticator(act: OwnActDep, resources: ResourcesDep) -> FactorBegun:
    """Begin to replace your authenticator; the present one holds until the new one is confirmed."""
    return await replacing.begin_authenticator(act, resources)


@router.post(
    "/v1/me/totp/confirm",
    status_code=204,
    **declare(
        "totp.confirm", scopes=(Scope.SELF,), event="member.factor.replaced", problems=(429,), **json_body()
    ),
)
async def confirm_authenticator(visit: VisitDep, body: ChallengeAnswer) -> None:
    """Confirm the new authenticator with its first code; your other sessions end."""
    await replacing.confirm_authenticator(visit, body)


@router.post(
    "/v1/me/password",
    status_code=204,
    **declare(
        "password.change",
        scopes=(Scope.SELF,),
        event="member.password.changed",
        fresh=True,
        problems=(429,),
        **json_body(),
    ),
)
async def change_password(visit: VisitDep, body: PasswordChange) -> None:
    """Change your password; your other sessions end."""
    await replacing.change_password(visit, body)
