"""Policies over HTTP: parse, call, return."""

from typing import Annotated

from fastapi import APIRouter, Header

from services.auth.policies import service
from services.auth.policies.schemas import NewPolicy, PolicyView
from services.auth.resources import ResourcesDep
from services.evidence.act import OwnActDep
from services.kernel.http.operation import declare, json_body
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute)


@router.get(
    "/v1/organization/policy",
    **declare("policies.read", scopes=(Scope.POLICY_MANAGE,), event="organization.policy.read"),
)
async def read_policy(act: OwnActDep, resources: ResourcesDep) -> PolicyView:
    """Read by which factors, for how long, from where and when each role is signed in."""
    return await service.read_policy(act, resources)


@router.put(
    "/v1/organization/policy",
    **declare(
        "policies.set",
        scopes=(Scope.POLICY_MANAGE,),
        event="organization.policy.changed",
        fresh=True,
        problems=(409, 412, 428),
        **json_body(),
    ),
)
async def set_policy(
    act: OwnActDep,
    resources: ResourcesDep,
    body: NewPolicy,
    if_match: Annotated[str | None, Header(alias="If-Match", max_length=200)] = None,
) -> PolicyView:
    """Say by which factors, for how long, from where and when each role is signed in."""
    return await service.set_policy(act, resources, body, if_match)
