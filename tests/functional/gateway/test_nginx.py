"""nginx with our configuration, really running, before a gateway and a service of few lines."""

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from services.gateway.asserted import verify_admission
from services.gateway.forward_auth import ForwardAuthFace
from services.host.connections import ConnectionCounts, LimitedServerState
from services.host.edge import EdgeOptions, prepare_run_folder, render_nginx
from services.host.listeners import Address
from services.host.protocol import LimitedProtocol
from services.kernel.principal import Admission
from services.keys.assertions import assertion_verifier
from services.keys.certificates import CertificatePaths, ensure_certificates
from services.keys.keyring import keyring_of
from services.keys.signing import SigningKey
from tests.factories.gateway import MATTER, MEMBER, NOW, Memory, Watch, bearer, decision_point
from tests.harness.parts import require_program
from tests.harness.ports import free_port

MIB = 1024 * 1024
FOLDERS = ("body", "proxy")
CONTENT = f"/v1/uploads/{MATTER}/content"
STREAM = {"content-type": "application/octet-stream"}
JSON = {"content-type": "application/json"}
HEAD_END = b"\r\n\r\n"


@dataclass
class Service:
    """Takes the part of a service: keeps the heads it got, counts the bytes, and answers as it is told."""

    status: int = 200
    pieces: int = 0
    received_bytes: int = 0
    scopes: list[Scope] = field(default_factory=list)
    first_bytes: asyncio.Event = field(default_factory=asyncio.Event)
    may_go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        await self._take(receive)
        headers = [(b"x-service", b"docs"), (b"content-type", b"text/plain")]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"of the service", "more_body": bool(self.pieces)})
        if self.pieces:
            await self._give(send)

    async def _take(self, receive: Receive) -> None:
        more = True
        while more:
            message = await receive()
            more = message.get("more_body", False)
            self.received_bytes += len(message.get("body", b""))
            if self.received_bytes:
                self.first_bytes.set()

    async def _give(self, send: Send) -> None:
        await self.may_go_on.wait()
        for left in reversed(range(self.pieces)):
            await send({"type": "http.response.body", "body": bytes(MIB), "more_body": left > 0})

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.scopes[-1]["headers"])


@dataclass
class Edge:
    client: httpx.AsyncClient
    port: int
    service: Service
    memory: Memory
    assertion_key: SigningKey
    run: Path
    tls: ssl.SSLContext

    async def answer_to(self, data: bytes) -> bytes:
        """The head of the answer to these bytes, while the connection stays open."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=self.tls)
        try:
            writer.write(data)
            return await asyncio.wait_for(reader.readuntil(HEAD_END), 10)
        finally:
            writer.transport.abort()

    def spooled(self) -> list[Path]:
        return [path for folder in FOLDERS for path in (self.run / folder).rglob("*") if path.is_file()]


@asynccontextmanager
async def serving(app: ASGIApp, port: int) -> AsyncIterator[None]:
    config = uvicorn.Config(
        app, port=port, http=LimitedProtocol, ws="none", lifespan="off", log_config=None, proxy_headers=False
    )
    server = uvicorn.Server(config)
    server.server_state = LimitedServerState(ConnectionCounts())
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    running = asyncio.create_task(server.main_loop())
    yield
    server.should_exit = True
    await running
    await server.shutdown()


def nginx(configuration: Path, *words: str) -> None:
    command = [
        require_program("nginx", "nginx-light"),
        "-c",
        str(configuration),
        "-e",
        str(configuration.parent / "start.log"),
        *words,
    ]
    subprocess.run(command, check=True)


def configure(tmp_path: Path, ports: dict[str, int], tls: CertificatePaths) -> Path:
    run = tmp_path / "run"
    prepare_run_folder(run)
    addresses = {name: Address("127.0.0.1", port) for name, port in ports.items()}
    options = EdgeOptions(host="localhost:8443", chain=tls.chain, key=tls.key, run=run, **addresses)
    configuration = tmp_path / "nginx.conf"
    configuration.write_text(render_nginx(options))
    return configuration


@pytest_asyncio.fixture
async def edge(tmp_path: Path) -> AsyncIterator[Edge]:
    require_program("nginx", "nginx-light")
    ports = {name: free_port() for name in ("listen", "gateway", "auth", "docs", "audit")}
    certificates = ensure_certificates(tmp_path / "tls", ["localhost"], NOW)
    context = ssl.create_default_context(cafile=certificates.ca)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # the certificate is of NOW's time
    service, memory, key = Service(), Memory(), SigningKey.generate()
    configuration = configure(tmp_path, ports, certificates)
    async with AsyncExitStack() as stack:
        face = ForwardAuthFace(decision_point(memory), key, Watch())
        await stack.enter_async_context(serving(face, ports["gateway"]))
        await stack.enter_async_context(serving(service, ports["docs"]))
        await asyncio.to_thread(nginx, configuration)
        stack.callback(nginx, configuration, "-s", "stop")
        client = await stack.enter_async_context(
            httpx.AsyncClient(
                base_url=f"https://127.0.0.1:{ports['listen']}",
                verify=context,
                headers={"Host": "localhost:8443"},
                trust_env=False,
            )
        )
        yield Edge(client, ports["listen"], service, memory, key, tmp_path / "run", context)


def token(**change: object) -> dict[str, str]:
    name, value = bearer(**change)
    return {name.decode(): value.decode()}


REFUSALS = {
    "no token": ("GET", "/v1/matters", {}, 401, ("www-authenticate", "Bearer")),
    "old factor": (
        "POST",
        f"/v1/grants/{MATTER}/revoke",
        token(auth_time=1),
        401,
        ("www-authenticate", 'Bearer error="insufficient_user_authentication", max_age="300"'),
    ),
    "no scope": ("GET", "/v1/log/events", token(), 403, ("x-content-type-options", "nosniff")),
    "no path": ("GET", "/v1/nothing", {}, 404, ("cache-control", "no-store")),
    "no method": ("DELETE", "/v1/matters", {}, 405, ("allow", "GET, POST")),
    "options": ("OPTIONS", "/v1/matters", {}, 405, ("allow", "GET, POST")),
    "no type": ("POST", "/v1/matters", token(), 415, ("content-type", "application/problem+json")),
    "encoded": (
        "POST",
        "/v1/matters",
        token() | JSON | {"content-encoding": "gzip"},
        415,
        ("content-type", "application/problem+json"),
    ),
    "spelling": ("GET", "/v1/matters/%2e", {}, 400, ("content-type", "application/problem+json")),
    "host": ("GET", "/v1/matters", {"Host": "evil"}, 421, ("content-type", "application/problem+json")),
    "override": (
        "POST",
        "/v1/matters",
        {"x-http-method-override": "GET"},
        400,
        ("content-type", "application/problem+json"),
    ),
}


class TestRefusals:
    @pytest.mark.parametrize("name", REFUSALS)
    async def test_a_refusal_keeps_its_status_headers_and_body(self, edge: Edge, name: str) -> None:
        method, path, headers, status, (header, value) = REFUSALS[name]
        answer = await edge.client.request(method, path, headers=headers)
        problem = answer.json()
        assert (answer.status_code, problem["status"]) == (status, status)
        assert problem["instance"] == f"urn:uuid:{answer.headers['request-id']}"
        assert answer.headers[header] == value
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        assert len(edge.memory.events) + len(edge.memory.counts) == 1
        assert not edge.service.scopes

    async def test_a_recorded_refusal_names_its_event(self, edge: Edge) -> None:
        answer = await edge.client.get("/v1/log/events", headers=token())
        assert answer.headers["redwell-event"] == edge.memory.events[0].header

    async def test_a_refused_head_has_no_body(self, edge: Edge) -> None:
        answer = await edge.client.head(f"/v1/documents/{MATTER}/content")
        assert (answer.status_code, answer.content) == (401, b"")

    async def test_without_evidence_nothing_is_served(self, edge: Edge) -> None:
        edge.memory.broken = True
        answer = await edge.client.get("/v1/matters")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")

    async def test_a_refused_body_is_answered_before_it_comes(self, edge: Edge) -> None:
        head = f"PUT {CONTENT} HTTP/1.1\r\nHost: localhost:8443\r\nContent-Type: application/octet-stream\r\n"
        answer = await edge.answer_to(head.encode() + b"Content-Length: 67108864\r\n\r\n" + bytes(MIB))
        assert answer.startswith(b"HTTP/1.1 401 ")
        assert not edge.spooled()

    async def test_the_clients_address_is_recorded(self, edge: Edge) -> None:
        await edge.client.get("/v1/matters", headers={"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=1"})
        assert edge.memory.counts[0][0].address == "127.0.0.1"


class TestWhatNginxRefusesItself:
    @pytest.mark.parametrize(
        ("request_line", "status"),
        [
            ("GET http://evil/v1/matters HTTP/1.1", 400),
            ("GET /v1/matters x HTTP/1.1", 400),
            (f"GET /v1/matters?{'q' * 5000} HTTP/1.1", 414),
            ("TRACE /v1/matters HTTP/1.1", 405),
            ("GET /-redwell/decide HTTP/1.1", 404),
            ("GET /-redwell/refusal HTTP/1.1", 404),
        ],
    )
    async def test_it_answers_with_a_dressed_problem(
        self, edge: Edge, request_line: str, status: int
    ) -> None:
        answer = await edge.answer_to(f"{request_line}\r\nHost: localhost:8443\r\n\r\n".encode())
        assert answer.startswith(f"HTTP/1.1 {status} ".encode())
        assert b"application/problem+json" in answer
        assert b"strict-transport-security" in answer
        assert not edge.service.scopes

    async def test_a_service_that_is_gone_is_503(self, edge: Edge) -> None:
        answer = await edge.client.post("/v1/sign-in", headers=JSON, content=b"{}")
        assert (answer.status_code, answer.json()["status"]) == (503, 503)
        assert answer.headers["retry-after"] == "5"


class TestWhatArrives:
    @pytest.mark.parametrize("status", [200, 401, 403, 404, 500, 503])
    async def test_the_answer_of_a_service_passes_untouched(self, edge: Edge, status: int) -> None:
        edge.service.status = status
        answer = await edge.client.get("/v1/matters", headers=token())
        assert (answer.status_code, answer.content) == (status, b"of the service")
        assert answer.headers["x-service"] == "docs"
        assert not edge.memory.events

    async def test_the_assertion_is_of_this_request(self, edge: Edge) -> None:
        await edge.client.get(f"/v1/matters/{MATTER}?limit=2", headers=token())
        scope = edge.service.scopes[0]
        assert (scope["raw_path"], scope["query_string"]) == (f"/v1/matters/{MATTER}".encode(), b"limit=2")
        request_id = UUID(edge.service.headers[b"redwell-request-id"].decode())
        received = Admission("matters.get", "GET", scope["raw_path"].decode(), request_id, "", "", None)
        verifier = assertion_verifier(keyring_of([edge.assertion_key]))
        sent = edge.service.headers[b"redwell-assertion"].decode()
        admission = verify_admission(verifier, sent, received, "docs", NOW)
        assert admission.principal is not None
        assert (admission.principal.id, admission.address) == (MEMBER, "127.0.0.1")

    async def test_no_token_reaches_a_service(self, edge: Edge) -> None:
        await edge.client.get("/v1/matters", headers=token())
        assert b"authorization" not in edge.service.headers

    @pytest.mark.parametrize(
        "name",
        [
            "Redwell-Assertion",
            "redwell-request-id",
            "X-Redwell-Identity",
            "Redwell_Assertion",
            "x_redwell_identity",
            "Redwell-Original-Address",
            "Redwell-Original-Method",
        ],
    )
    async def test_a_header_of_ours_never_arrives(self, edge: Edge, name: str) -> None:
        answer = await edge.client.get("/v1/matters", headers=token() | {name: "forged", "Connection": name})
        assert answer.status_code in (200, 400)
        assert b"forged" not in [value for scope in edge.service.scopes for _, value in scope["headers"]]


class TestBytes:
    async def test_an_upload_is_passed_on_as_it_comes(self, edge: Edge) -> None:
        """The client sends the rest only after the service has got the beginning."""
        sent = 64

        async def body() -> AsyncIterator[bytes]:
            yield bytes(MIB)
            await asyncio.wait_for(edge.service.first_bytes.wait(), 10)
            for _ in range(sent - 1):
                assert not edge.spooled()
                yield bytes(MIB)

        answer = await edge.client.put(CONTENT, headers=token() | STREAM, content=body(), timeout=60)
        assert (answer.status_code, edge.service.received_bytes) == (200, sent * MIB)
        assert not edge.spooled()

    async def test_a_download_is_passed_on_as_it_comes(self, edge: Edge) -> None:
        """The service goes on only after the client has got the beginning."""
        edge.service.pieces = 32
        received = 0
        target = f"/v1/documents/{MATTER}/content"
        async with edge.client.stream("GET", target, headers=token(), timeout=60) as answer:
            async for piece in answer.aiter_raw():
                received += len(piece)
                edge.service.may_go_on.set()
                assert not edge.spooled()
        assert received == len(b"of the service") + 32 * MIB
