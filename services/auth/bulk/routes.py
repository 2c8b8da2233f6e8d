"""Many members at once over HTTP: parse, call, return."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from services.auth.bulk import service
from services.auth.bulk.rows import MAX_BYTES
from services.auth.bulk.schemas import BulkDone, BulkQuery
from services.auth.resources import ResourcesDep
from services.evidence.act import OwnActDep
from services.kernel.http.operation import declare
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute)
_DECLARED = declare(
    "members.bulk",
    scopes=(Scope.MEMBER_INVITE, Scope.MEMBER_MANAGE),
    event="member.bulk.run",
    fresh=True,
    body_limit_bytes=MAX_BYTES,
    media_type="text/csv",
)
_DECLARED["openapi_extra"]["requestBody"] = {
    "required": True,
    "content": {"text/csv": {"schema": {"type": "string"}}},
}


async def _sent(request: Request) -> bytes:
    return await request.body()


@router.post("/v1/members/bulk", **_DECLARED)
async def run(
    # First, so that no transaction waits for a slow sender.
    sent: Annotated[bytes, Depends(_sent)],
    act: OwnActDep,
    resources: ResourcesDep,
    query: Annotated[BulkQuery, Query()],
) -> BulkDone:
    """Invite, suspend and off-board by the rows of a CSV file: all of them, or none."""
    return await service.run(act, resources, sent, dry_run=query.dry_run)
