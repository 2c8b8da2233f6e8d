"""The door of a service in a process of its own: nothing enters but what a gateway asserts to have admitted.

The service finds the operation itself, in its own table by the raw path, and the assertion must say the same.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

from starlette.types import Receive, Scope, Send

from services.evidence.recorder import Recorder
from services.evidence.service import ServiceApp
from services.gateway.answer import refusal
from services.gateway.asserted import ASSERTION_HEADER, REQUEST_ID_HEADER, request_id_of, verify_admission
from services.gateway.head import is_reserved, read_user_agent
from services.gateway.keys import Load, PublicKeys, assertion_keys
from services.gateway.point import UNKNOWN_OPERATION, Verdict
from services.gateway.policy import PolicyTable
from services.kernel.clock import Clock
from services.kernel.ids import new_id
from services.kernel.principal import ADMISSION_KEY, Admission
from services.kernel.problems import EvidenceUnavailable, RedwellError, Unauthorized
from services.keys.assertions import assertion_verifier
from services.keys.verification import TokenError


class AssertionDoor:
    """Stands before `app` and puts the asserted admission in the scope; serves inside `running()` only.

    `load` reads the gateways' public keys; from the database unless said.
    """

    def __init__(self, app: ServiceApp, clock: Clock, load: Load | None = None) -> None:
        self._app = app
        self._clock = clock
        self._service = app.definition.name
        self._table = PolicyTable(app.operations)
        self._verifier = assertion_verifier({})
        self._keys = PublicKeys(load or assertion_keys(app.state.database), self._verifier, clock)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Inside the lifespan of the service."""
        async with self._keys.followed():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        received = _received(scope, self._clock())
        try:
            scope[ADMISSION_KEY] = await self._admit(scope, received)
        except RedwellError as problem:
            recorded = await self._recorded(received, problem)
            await refusal(Verdict(received, None, recorded)).send(send)
            return
        scope["headers"] = [(name, value) for name, value in scope["headers"] if not is_reserved(name)]
        scope["path"] = received.path
        await self._app(scope, receive, send)

    async def _admit(self, scope: Scope, received: Admission) -> Admission:
        operation = self._table.find(received.method, scope["raw_path"])
        token = _only(scope, ASSERTION_HEADER).decode("latin-1")
        request_id = request_id_of(_only(scope, REQUEST_ID_HEADER))
        expected = replace(received, operation=operation.id, request_id=request_id)
        try:
            return self._verified(token, expected)
        except TokenError as error:
            if error.reason != "unknown-key" or not await self._keys.refresh():
                raise Unauthorized from error
        try:
            return self._verified(token, expected)
        except TokenError as error:
            raise Unauthorized from error

    def _verified(self, token: str, expected: Admission) -> Admission:
        return verify_admission(self._verifier, token, expected, self._service, self._clock())

    async def _recorded(self, received: Admission, problem: RedwellError) -> RedwellError:
        recorder: Recorder = self._app.state.recorder
        try:
            await recorder.count_refusal(received, problem.slug)
        except EvidenceUnavailable as unavailable:
            return unavailable
        return problem


def _received(scope: Scope, now: datetime) -> Admission:
    """The request as it stands here, believed by nobody yet."""
    client = scope.get("client")
    agents = [value for name, value in scope["headers"] if name == b"user-agent"]
    return Admission(
        operation=UNKNOWN_OPERATION,
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        request_id=new_id(now),
        address=client[0] if client else "",
        user_agent=read_user_agent(agents[0]) if agents else "",
        principal=None,
    )


def _only(scope: Scope, wanted: bytes) -> bytes:
    values: list[bytes] = [value for name, value in scope["headers"] if name == wanted]
    if len(values) != 1:
        raise Unauthorized
    return values[0]
