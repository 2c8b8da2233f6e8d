"""Refusals: every error becomes a problem document and, first, evidence.

A refusal of an identified principal is an event of its own, of the operation's type. A refusal of anybody
else is counted per source and minute. If the evidence cannot be written the answer is 503, whatever else it
was to be.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from services.evidence.event import Draft, Outcome, Subject
from services.evidence.recorder import Recorder
from services.kernel.http.admission import set_event_header
from services.kernel.http.operation import Operation
from services.kernel.http.refusal import refusal_body
from services.kernel.logs import logger
from services.kernel.principal import ADMISSION_KEY, Admission
from services.kernel.problems import (
    BadRequest,
    EvidenceUnavailable,
    InternalError,
    InvalidInput,
    KeyRetired,
    MethodNotAllowed,
    NotFound,
    RedwellError,
    TooLarge,
    Unavailable,
)

_log = logger("evidence")
_FRAMEWORK: dict[int, type[RedwellError]] = {404: NotFound, 413: TooLarge}
SERVER_FAULT = 500

FindRefused = Callable[[Any, UUID, Mapping[str, str]], Awaitable[Subject | None]]
"""Finds, in a tenant, what a refused request asked for by the ids in its path; None if it is not there."""


def install_problem_handlers(app: FastAPI, operations: Iterable[Operation]) -> None:
    """Make `app` answer every error with a recorded problem document."""
    table = {operation.id: operation for operation in operations}

    async def handle(request: Request, error: Exception) -> Response:
        problem = as_problem(error)
        admission = request.scope.get(ADMISSION_KEY)
        operation = table.get(admission.operation) if isinstance(admission, Admission) else None
        if isinstance(admission, Admission):
            problem = await _recorded(request, admission, problem, operation)
        if problem.status >= SERVER_FAULT:
            _log.error("request failed", operation=getattr(admission, "operation", None), exc_info=error)
        return problem_response(problem, admission if isinstance(admission, Admission) else None, operation)

    for kind in (RedwellError, RequestValidationError, HTTPException, DBAPIError, Exception):
        app.add_exception_handler(kind, handle)


def problem_response(
    problem: RedwellError, admission: Admission | None, operation: Operation | None
) -> Response:
    dialect = operation.dialect if operation else "v1"
    media_type, body = refusal_body(problem, dialect, admission.request_id if admission else None)
    return Response(body, problem.status, media_type=media_type, headers=problem.headers())


def as_problem(error: Exception) -> RedwellError:
    """The problem that `error` is to the outside. The precise cause stays in the log."""
    if isinstance(error, RedwellError):
        return error
    if isinstance(error, RequestValidationError):
        return InvalidInput(errors=list(_places(error)))
    if isinstance(error, HTTPException):
        return _from_framework(error)
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return Unavailable()
    return InternalError()


def _from_framework(error: HTTPException) -> RedwellError:
    if isinstance(error.__cause__, RedwellError):
        return error.__cause__
    if error.status_code == MethodNotAllowed.status:
        return MethodNotAllowed(tuple((error.headers or {}).get("allow", "").split(", ")))
    return _FRAMEWORK.get(error.status_code, BadRequest)()


def _places(error: RequestValidationError) -> Iterable[dict[str, str]]:
    """Where the input is wrong and how, as JSON pointers (RFC 6901); never what it was.

    Names that the sender made up are part of the input, so a pointer ends at the last name of ours.
    """
    for entry in error.errors():
        where, *path = (str(part) for part in entry["loc"])
        if entry["type"] == "extra_forbidden":
            path = path[:-1]
        yield {"in": where, "pointer": "".join(f"/{part}" for part in path), "problem": str(entry["type"])}


async def _recorded(
    request: Request, admission: Admission, problem: RedwellError, operation: Operation | None
) -> RedwellError:
    if problem.recorded:
        return problem
    recorder: Recorder = request.app.state.recorder
    set_event_header(request.scope, None)
    try:
        if admission.principal is None or isinstance(problem, KeyRetired):
            # Who holds a retired key signs what they like: its tokens name nobody.
            await recorder.count_refusal(admission, problem.reason or problem.slug)
            return problem
        tenant = admission.principal.firm
        draft = refusal_draft(operation, admission, problem)
        find: FindRefused | None = request.app.definition.refused_subject
        subject = await find(request.app, tenant, asked_ids(operation, admission)) if find else None
        event = await recorder.append_alone(tenant, replace(draft, subject=subject), admission)
    except Unavailable:
        _log.error("refusal not recorded", operation=admission.operation, reason=problem.slug)
        return EvidenceUnavailable()
    set_event_header(request.scope, event.header)
    return problem


def asked_ids(operation: Operation | None, admission: Admission) -> dict[str, str]:
    """The ids that an admitted request names in its path, by parameter."""
    if operation is None:
        return {}
    upload = admission.principal.upload if admission.principal else None
    return operation.ids_in(admission.path) | ({"upload_id": str(upload)} if upload else {})


def refusal_draft(operation: Operation | None, admission: Admission, problem: RedwellError) -> Draft:
    """The event of a refusal: of the operation's type, with what was asked for, there or not."""
    outcome: Outcome = "failed" if problem.status >= SERVER_FAULT else "denied"
    asked = asked_ids(operation, admission)
    return Draft(
        operation.event if operation else "request.refused",
        outcome,
        problem.slug,
        change={"asked": asked} if asked else {},
        status=problem.status,
    )
