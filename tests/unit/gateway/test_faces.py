"""Both faces over the same decisions: what each hands on, and what each answers."""

from uuid import UUID

import pytest
from starlette.types import Message, Receive, Scope, Send

from services.gateway.app import EmbeddedFace, gateway_operations_app
from services.gateway.asserted import verify_admission
from services.gateway.forward_auth import ForwardAuthFace, original_head
from services.host.edge import REFUSALS
from services.kernel.principal import ADMISSION_KEY, Admission
from services.kernel.problems import RedwellError
from services.keys.assertions import assertion_verifier
from services.keys.keyring import keyring_of
from services.keys.signing import SigningKey
from tests.factories.gateway import HOST, MATTER, NOW, Memory, Watch, bearer, decision_point

PATH = f"/v1/matters/{MATTER}"
HeaderList = list[tuple[bytes, bytes]]


class Caller:
    """Speaks ASGI to an application, and keeps what it says."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def __call__(self, message: Message) -> None:
        self.messages.append(message)

    async def receive(self) -> Message:
        raise AssertionError("the gateway reads no body")

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.messages[0]["headers"])

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages[1:])


class Service:
    def __init__(self) -> None:
        self.scopes: list[Scope] = []

    async def __call__(self, scope: Scope, _receive: Receive, _send: Send) -> None:
        self.scopes.append(scope)


def scope_of(method: str, path: str, headers: HeaderList, query: bytes = b"") -> Scope:
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "headers": headers,
        "client": ("192.0.2.7", 5000),
    }


def asked_by_nginx(method: str, target: str, *headers: tuple[bytes, bytes]) -> Scope:
    own = [
        (b"host", b"redwell-gateway"),
        (b"redwell-original-method", method.encode()),
        (b"redwell-original-target", target.encode()),
        (b"redwell-original-host", HOST[1]),
        (b"redwell-original-address", b"192.0.2.7"),
    ]
    return scope_of("GET", "/decide", [*own, *headers])


class TestEmbedded:
    async def test_an_admitted_request_goes_to_its_service_with_the_admission(self) -> None:
        docs, caller = Service(), Caller()
        face = EmbeddedFace(decision_point(Memory()), {"docs": docs})
        await face(scope_of("GET", PATH, [HOST, bearer()]), caller.receive, caller)
        admission = docs.scopes[0][ADMISSION_KEY]
        assert isinstance(admission, Admission)
        assert (admission.operation, admission.path, admission.address) == ("matters.get", PATH, "192.0.2.7")
        assert not caller.messages

    async def test_a_refused_request_goes_nowhere(self) -> None:
        docs, caller = Service(), Caller()
        face = EmbeddedFace(decision_point(Memory()), {"docs": docs})
        await face(scope_of("GET", PATH, [HOST]), caller.receive, caller)
        assert (caller.status, docs.scopes) == (401, [])
        assert caller.headers[b"content-length"] == str(len(caller.body)).encode()
        assert caller.headers[b"www-authenticate"] == b"Bearer"
        UUID(caller.headers[b"request-id"].decode())

    async def test_the_clients_request_id_is_not_ours(self) -> None:
        docs, caller = Service(), Caller()
        face = EmbeddedFace(decision_point(Memory()), {"docs": docs})
        await face(scope_of("GET", PATH, [HOST, bearer(), (b"request-id", b"mine")]), caller.receive, caller)
        assert docs.scopes[0][ADMISSION_KEY].request_id.version == 7


class TestForwardAuth:
    async def test_an_admitted_request_gets_an_assertion_for_its_service(self) -> None:
        key, caller = SigningKey.generate(), Caller()
        face = ForwardAuthFace(decision_point(Memory()), key, Watch())
        await face(asked_by_nginx("GET", f"{PATH}?limit=1", bearer()), caller.receive, caller)
        assert (caller.status, caller.headers[b"redwell-upstream"]) == (204, b"docs")
        request_id = UUID(caller.headers[b"redwell-request-id"].decode())
        received = Admission("matters.get", "GET", PATH, request_id, "", "curl", None)
        token = caller.headers[b"redwell-assertion"].decode()
        admission = verify_admission(assertion_verifier(keyring_of([key])), token, received, "docs", NOW)
        assert (admission.address, admission.user_agent) == ("192.0.2.7", "curl")
        assert admission.principal is not None

    async def test_a_refusal_comes_in_parts(self) -> None:
        memory, caller = Memory(), Caller()
        face = ForwardAuthFace(decision_point(memory), SigningKey.generate(), Watch())
        await face(asked_by_nginx("GET", "/v1/log/events", bearer()), caller.receive, caller)
        assert (caller.status, caller.headers[b"redwell-status"], caller.body) == (403, b"403", b"")
        assert b'"status": 403' in caller.headers[b"redwell-problem"]
        assert caller.headers[b"redwell-event"].decode() == memory.events[0].header
        assert b"redwell-assertion" not in caller.headers

    async def test_both_faces_read_one_request_alike(self) -> None:
        length = (b"content-length", b"7")
        asked = asked_by_nginx(
            "POST", f"{PATH}?a=b?c", (b"accept", b"x"), (b"redwell-original-content-length", b"7")
        )
        head = original_head(asked)
        assert (head.method, head.raw_path, head.query) == ("POST", PATH.encode(), b"a=b?c")
        assert sorted(head.headers) == sorted([HOST, (b"accept", b"x"), length])
        assert head.address == "192.0.2.7"

    async def test_a_reserved_header_of_the_client_is_refused(self) -> None:
        caller = Caller()
        face = ForwardAuthFace(decision_point(Memory()), SigningKey.generate(), Watch())
        await face(
            asked_by_nginx("GET", PATH, bearer(), (b"redwell-assertion", b"x")), caller.receive, caller
        )
        assert caller.headers[b"redwell-status"] == b"400"

    async def test_a_question_without_a_request_is_a_refusal(self) -> None:
        caller = Caller()
        face = ForwardAuthFace(decision_point(Memory()), SigningKey.generate(), Watch())
        await face(scope_of("GET", "/decide", [(b"host", b"redwell-gateway")]), caller.receive, caller)
        assert caller.headers[b"redwell-status"] == b"400"


def test_the_gateway_declares_its_own_operation() -> None:
    (operation,) = gateway_operations_app().operations
    assert (operation.id, operation.path, operation.access) == ("openapi.get", "/v1/openapi.json", "public")
    assert operation.pattern == r"/v1/openapi\.json"


@pytest.mark.parametrize("module", ["services.kernel.problems", "services.gateway.errors"])
def test_nginx_can_return_every_status_of_a_refusal(module: str) -> None:
    """But those of services alone: 409, 422 and 500 are never decided from a head."""
    __import__(module)
    statuses: set[int] = set()
    kinds = [RedwellError]
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        if kind.__module__ == module:
            statuses |= {kind.status} if hasattr(kind, "status") else set()
    assert statuses - {409, 422, 500} <= set(REFUSALS)
