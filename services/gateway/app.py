"""The gateway's first face: in front of services in the same process, without a hop (embedded shape)."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager

from starlette.types import ASGIApp, Receive, Scope, Send

from services.gateway.answer import refusal
from services.gateway.document import NAME, DocumentApp
from services.gateway.head import RequestHead
from services.gateway.point import DecisionPoint
from services.gateway.policy import PolicyTable
from services.gateway.resources import GatewayResources, committed_table
from services.kernel.clock import Clock
from services.kernel.principal import ADMISSION_KEY
from services.kernel.settings import Settings


class EmbeddedFace:
    """Hands each admitted request, with its admission in the scope, to the service of its operation."""

    def __init__(self, point: DecisionPoint, services: Mapping[str, ASGIApp]) -> None:
        self._point = point
        self._services: dict[str, ASGIApp] = {**services, NAME: DocumentApp()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        verdict = await self._point.decide(_head(scope))
        if verdict.problem is not None or verdict.operation is None:
            await refusal(verdict).send(send)
            return
        scope[ADMISSION_KEY] = verdict.admission
        # What is routed on is what was decided on; the decision let nothing through that could differ.
        scope["path"] = verdict.admission.path
        service = self._services[verdict.operation.service]
        await service(scope, receive, send)


class Gateway:
    """An ASGI application that admits requests to `services`, by the name each operation gives its service.

    It serves inside `running()` only; the services' lifespans, and the `lifespan` scope, are the composer's.

    Args:
        settings: of the instance.
        clock: the present.
        services: an application for each service that the table names.
        table: another policy table than the committed one.

    Raises:
        ContractMismatchError: the committed table does not hold the gateway's own operation.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        services: Mapping[str, ASGIApp],
        table: PolicyTable | None = None,
    ) -> None:
        self._resources = GatewayResources(settings, clock, table or committed_table())
        self._face = EmbeddedFace(self._resources.point, services)

    def running(self) -> AbstractAsyncContextManager[None]:
        """Recorder and keys, for as long as the context lasts."""
        return self._resources.running()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._face(scope, receive, send)


def gateway_operations_app() -> DocumentApp:
    """What the gateway itself serves, for the contracts."""
    return DocumentApp()


def _head(scope: Scope) -> RequestHead:
    client = scope.get("client")
    return RequestHead(
        method=scope["method"],
        raw_path=scope["raw_path"],
        query=scope["query_string"],
        headers=scope["headers"],
        address=client[0] if client else "",
    )
