"""The gateway's second face: it decides, and an edge proxy carries the bytes (services shape).

`/decide` is asked by nginx (`auth_request`) with the headers of the client's request and, in headers that
nginx sets itself and so no client can, what else the decision needs. It answers 204 with the assertion and
the name of the service; or 403 with the parts of the true answer. All of it is on a private address.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from starlette.types import Receive, Scope, Send

from services.gateway.answer import Answer, refusal_in_headers
from services.gateway.asserted import ASSERTION_HEADER, REQUEST_ID_HEADER, assert_admission
from services.gateway.document import DocumentApp
from services.gateway.head import RequestHead
from services.gateway.keys import publish_assertion_key
from services.gateway.point import DecisionPoint
from services.gateway.policy import PolicyTable
from services.gateway.resources import GatewayResources, committed_table
from services.kernel.clock import Clock
from services.kernel.principal import Admission
from services.kernel.problems import Unavailable
from services.kernel.settings import Settings
from services.keys.files import KeyDirectory, KeyFile
from services.keys.signing import SigningKey

UPSTREAM_HEADER: Final = b"redwell-upstream"
_METHOD: Final = b"redwell-original-method"
_TARGET: Final = b"redwell-original-target"
_ADDRESS: Final = b"redwell-original-address"
# What the proxy must not send on as it came, under the name that we know it by.
_MOVED: Final = {
    b"redwell-original-host": b"host",
    b"redwell-original-content-length": b"content-length",
}
_PROXYS_OWN: Final = frozenset({b"host", b"connection", b"content-length", _METHOD, _TARGET, _ADDRESS})


class ForwardAuthFace:
    """`/decide` over a decision point, and the public document at its own path."""

    def __init__(self, point: DecisionPoint, signing_key: SigningKey, clock: Clock) -> None:
        self._point = point
        self._signing_key = signing_key
        self._clock = clock
        self._document = DocumentApp()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] != "/decide":
            await self._document(scope, receive, send)
            return
        verdict = await self._point.decide(original_head(scope))
        if verdict.problem is not None or verdict.operation is None:
            answer = refusal_in_headers(verdict)
        else:
            answer = self._admitted(verdict.admission, verdict.operation.service)
        await answer.send(send)

    def _admitted(self, admission: Admission, service: str) -> Answer:
        assertion = assert_admission(self._signing_key, admission, service, self._clock())
        headers = [
            (ASSERTION_HEADER, assertion.encode()),
            (REQUEST_ID_HEADER, str(admission.request_id).encode()),
            (UPSTREAM_HEADER, service.encode()),
        ]
        return Answer(204, headers)


class ForwardAuth:
    """The second face with the gateway's own resources; it serves inside `running()` only.

    Raises:
        ContractMismatchError: the committed table does not hold the gateway's own operation.
    """

    def __init__(self, settings: Settings, clock: Clock, table: PolicyTable | None = None) -> None:
        self._clock = clock
        self._signing_key = KeyDirectory(settings.keys).signing_key(KeyFile.GATEWAY)
        self._resources = GatewayResources(settings, clock, table or committed_table())
        self._face = ForwardAuthFace(self._resources.point, self._signing_key, clock)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Recorder and keys, for as long as the context lasts. The services must know our key by then.

        Raises:
            Unavailable: the database does not answer.
        """
        async with self._resources.running():
            await publish_assertion_key(self._resources.database, self._signing_key, self._clock())
            yield

    async def ready(self) -> str | None:
        """None, or a sentence on why requests could not be decided now."""
        try:
            async with self._resources.database.transaction():
                return None
        except Unavailable:
            return "gateway: the database does not answer"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._face(scope, receive, send)


def original_head(scope: Scope) -> RequestHead:
    """The head of the request that the proxy asks about."""
    given = dict(scope["headers"])
    path, _, query = given.get(_TARGET, b"").partition(b"?")
    sent = [(name, value) for name, value in scope["headers"] if name not in _PROXYS_OWN]
    return RequestHead(
        method=given.get(_METHOD, b"").decode("latin-1"),
        raw_path=path,
        query=query,
        headers=[(_MOVED.get(name, name), value) for name, value in sent],
        address=given.get(_ADDRESS, b"").decode("latin-1"),
    )
