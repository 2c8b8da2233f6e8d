"""The log over HTTP: parse, call, return."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import PlainTextResponse, StreamingResponse

from services.audit.log import service
from services.audit.log.schemas import LogPage, LogQuery, NewBundle
from services.evidence.act import ActDep
from services.kernel.http.admission import admission_of, set_event_header
from services.kernel.http.operation import declare, json_body
from services.kernel.http.strict_json import StrictRoute
from services.kernel.scopes import Scope

router = APIRouter(route_class=StrictRoute)


class BundleResponse(StreamingResponse):
    media_type = "application/zip"


@router.get("/v1/log/events", **declare("log.search", scopes=(Scope.LOG_READ,), event="log.searched"))
async def search_log(act: ActDep, query: Annotated[LogQuery, Query()]) -> LogPage:
    """Search the access log of your organization, newest first."""
    return await service.search_log(act, act.request.app.state.subjects, query)


@router.get(
    "/v1/log/checkpoint",
    response_class=PlainTextResponse,
    **declare("log.checkpoint", scopes=(Scope.LOG_READ,), event="log.checkpoint.read", dialect="tlog"),
)
async def read_checkpoint(act: ActDep) -> Response:
    """The log's signed state (C2SP tlog-checkpoint), to keep and to compare later bundles with."""
    return PlainTextResponse(await service.read_checkpoint(act))


@router.post(
    "/v1/log/bundles",
    response_class=BundleResponse,
    **declare(
        "log.export",
        scopes=(Scope.LOG_EXPORT,),
        event="log.exported",
        fresh=True,
        problems=(429,),
        **json_body(),
    ),
)
async def export_bundle(request: Request, body: NewBundle) -> Response:
    """Export the log, or the events that fit a filter, as a bundle that is verified offline."""
    bundle = await request.app.state.exporter.export(admission_of(request), body.filter)
    set_event_header(request.scope, bundle.event.header)
    return BundleResponse(
        bundle.pieces(),
        headers={
            "Content-Disposition": f'attachment; filename="{bundle.name}"',
            "Content-Length": str(bundle.length_bytes),
        },
    )
