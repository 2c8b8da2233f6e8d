"""What an organization demands, over HTTP: parse, call, return."""

from typing import Annotated

from fastapi import APIRouter, Header

from services.auth.proofs import service
from services.auth.proofs.schemas import ProofPolicy, ProofPolicySet, ProofPolicyView
from services.evidence.act import OwnActDep
from services.kernel.http.operation import declare, json_body
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute)
IfMatch = Annotated[str | None, Header(alias="If-Match", max_length=200)]


@router.get(
    "/v1/organization/proofs",
    **declare("organization.read_proofs", scopes=(Scope.MEMBER_MANAGE,), event="organization.proofs.read"),
)
async def read(act: OwnActDep) -> ProofPolicyView:
    """Tell whose sessions your organization wants bound to a key (RFC 9449)."""
    return await service.read(act)


@router.put(
    "/v1/organization/proofs",
    **declare(
        "organization.require_proofs",
        scopes=(Scope.MEMBER_MANAGE,),
        event="organization.proofs.required",
        fresh=True,
        problems=(409, 412, 428),
        **json_body(),
    ),
)
async def demand(act: OwnActDep, body: ProofPolicy, if_match: IfMatch = None) -> ProofPolicySet:
    """Say whose sessions must be bound to a key; those that are not end now."""
    return await service.demand(act, body.required_of, if_match)
