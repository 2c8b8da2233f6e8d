"""The entry of a service: the admission is there, bodies are bounded, every answer is dressed alike.

Pure ASGI. It trusts `scope[ADMISSION_KEY]` alone, which only the gateway (embedded) or the assertion check
(`host`) writes.
"""

from collections.abc import Iterable, MutableMapping

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.kernel.http.operation import Operation
from services.kernel.http.tus import VERSION, is_tus
from services.kernel.principal import ADMISSION_KEY, Admission, Principal
from services.kernel.problems import TooLarge, Unauthorized

EVENT_KEY = "redwell.event"
"""Where the value of the `Redwell-Event` response header lies in the ASGI scope."""

SAFE_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; sandbox"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


def strict_transport(host: str) -> tuple[bytes, bytes]:
    """The header that makes browsers use TLS alone (RFC 6797), for the host of the public URL.

    It reaches to the names below a real host name only: below `localhost` other programs answer, without TLS.
    """
    name = host.lower().rstrip(".")
    real = "." in name and not name.endswith((".localhost", ".local")) and not name.split(".")[-1].isdigit()
    below = b"; includeSubDomains" if real and ":" not in name else b""
    return b"strict-transport-security", b"max-age=63072000" + below


def admission_of(request: Request) -> Admission:
    """The gateway's decision on this request.

    Raises:
        Unauthorized: the request did not come through the gateway.
    """
    admission = request.scope.get(ADMISSION_KEY)
    if not isinstance(admission, Admission):
        raise Unauthorized
    return admission


def principal_of(request: Request) -> Principal:
    principal = admission_of(request).principal
    if principal is None:
        raise Unauthorized
    return principal


def set_event_header(scope: MutableMapping[str, object], value: str | None) -> None:
    scope[EVENT_KEY] = value


class ServiceEntry:
    """Wraps a service: enforces each body limit and adds the headers that every answer carries."""

    def __init__(self, app: ASGIApp, operations: Iterable[Operation]) -> None:
        self.app = app
        self.limits = {operation.id: operation.body_limit_bytes for operation in operations}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        admission = scope.get(ADMISSION_KEY)
        limit = self.limits.get(admission.operation) if isinstance(admission, Admission) else 0
        if limit is not None:
            receive = _bounded(receive, limit)
        await self.app(scope, receive, _dressed(scope, send))


def _bounded(receive: Receive, limit: int) -> Receive:
    taken = 0

    async def receive_bounded() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise TooLarge
        return message

    return receive_bounded


def _dressed(scope: Scope, send: Send) -> Send:
    async def send_dressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = dress(message.get("headers", ()), scope)
        await send(message)

    return send_dressed


def dress(headers: Iterable[tuple[bytes, bytes]], scope: Scope) -> list[tuple[bytes, bytes]]:
    """`headers` with the safe ones added where absent, the request id, and the event where there is one."""
    result = list(headers)
    present = {name for name, _ in result}
    result += [(name, value) for name, value in SAFE_HEADERS if name not in present]
    admission = scope.get(ADMISSION_KEY)
    if isinstance(admission, Admission):
        result.append((b"request-id", str(admission.request_id).encode()))
        if is_tus(admission.path):
            result.append((b"tus-resumable", VERSION.encode()))
    event = scope.get(EVENT_KEY)
    if event:
        result.append((b"redwell-event", event.encode()))
    return result
