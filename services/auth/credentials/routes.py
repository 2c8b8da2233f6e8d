"""Credentials over HTTP: parse, call, return."""

from uuid import UUID

from fastapi import APIRouter

from services.auth.credentials import own_factors, recovery, replacing
from services.auth.credentials.schemas import (
    FactorBegun,
    FactorList,
    FactorName,
    FactorView,
    PasswordChange,
    Recover,
    RecoveryCodes,
)
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
    """Begin to replace your authenticators by one; the present ones hold until it is confirmed."""
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


@router.get("/v1/me/factors", **declare("factors.list", scopes=(Scope.SELF,), event="member.factor.listed"))
async def list_factors(act: OwnActDep, resources: ResourcesDep) -> FactorList:
    """List by what you prove yourself beside your password, the oldest first."""
    return await own_factors.list_factors(act, resources.keys)


@router.post(
    "/v1/me/factors/totp",
    status_code=201,
    **declare(
        "factors.add_totp",
        scopes=(Scope.SELF,),
        event="member.factor.addition.started",
        fresh=True,
        problems=(409,),
        **json_body(),
    ),
)
async def add_authenticator(act: OwnActDep, resources: ResourcesDep, body: FactorName) -> FactorBegun:
    """Begin to add a further authenticator; it works once its first code was shown."""
    return await own_factors.begin(act, resources, body)


@router.post(
    "/v1/me/factors/totp/confirm",
    **declare(
        "factors.confirm_totp",
        scopes=(Scope.SELF,),
        event="member.factor.added",
        fresh=True,
        problems=(429,),
        **json_body(),
    ),
)
async def confirm_further_authenticator(visit: VisitDep, body: ChallengeAnswer) -> FactorView:
    """Confirm the further authenticator with its first code."""
    return await own_factors.confirm(visit, body)


@router.put(
    "/v1/me/factors/{factor_id}/name",
    **declare("factors.name", scopes=(Scope.SELF,), event="member.factor.named", fresh=True, **json_body()),
)
async def name_factor(
    act: OwnActDep, resources: ResourcesDep, factor_id: UUID, body: FactorName
) -> FactorView:
    """Name one of your factors, as by the device that it is on."""
    return await own_factors.name_factor(act, resources.keys, factor_id, body)


@router.delete(
    "/v1/me/factors/{factor_id}",
    status_code=204,
    **declare(
        "factors.remove", scopes=(Scope.SELF,), event="member.factor.removed", fresh=True, problems=(409,)
    ),
)
async def remove_factor(act: OwnActDep, factor_id: UUID) -> None:
    """Remove one of your factors, but not the last; sessions that it opened end."""
    await own_factors.remove(act, factor_id)
