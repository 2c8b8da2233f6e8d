"""Receipts over HTTP: parse, call, return."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from services.audit.receipts.schemas import Receipt, Unsealed
from services.evidence.act import ActDep
from services.kernel.http.operation import declare
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute)


def _declared() -> dict[str, Any]:
    declared = declare("receipts.get", scopes=(Scope.SELF,), event="receipt.read")
    unsealed = {"model": Unsealed, "description": "No checkpoint covers it yet"}
    return declared | {"responses": {202: unsealed, **declared["responses"]}}


@router.get("/v1/receipts/{event_id}", response_model=Receipt, **_declared())
async def get_receipt(act: ActDep, event_id: UUID) -> Response:
    """The proof of an event (`Redwell-Event` names it), to be verified offline; 202 until it is sealed."""
    issuer = act.request.app.state.issuer
    receipt = await issuer.issue(act, event_id)
    if receipt is None:
        waiting = Unsealed(event_id=event_id).model_dump_json()
        retry = {"Retry-After": str(issuer.retry_seconds)}
        return Response(waiting, 202, retry, "application/json")
    return Response(receipt, media_type="application/json")
