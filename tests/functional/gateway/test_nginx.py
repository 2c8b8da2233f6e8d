"""nginx with our configuration, really running, before a gateway and a service of few lines."""

import asyncio
import json
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from services.gateway.answer import References
from services.gateway.asserted import verify_admission
from services.gateway.forward_auth import ForwardAuthFace
from services.host.edge import EdgeOptions, prepare_run_folder, render_nginx
from services.host.listeners import Address
from services.host.protocol import LimitedProtocol
from services.host.connections import ConnectionCounts, LimitedServerState
from services.kernel.principal import Admission
from services.keys.assertions import assertion_verifier
from services.keys.certificates import ensure_certificates
from services.keys.keyring import keyring_of
from services.keys.signing import SigningKey
from services.keys.wrapping import SecretKey
from tests.factories.gateway import MATTER, NOW, Memory, Watch, bearer, decision_point
from tests.harness.instance import free_port

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
MIB = 1024 * 1024
pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")


@dataclass
class Service:
    """A service that keeps the heads it got, and answers as it is told."""

    seen: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    first_bytes: asyncio.Event = field(default_factory=asyncio.Event)
    may_go_on: asyncio.Event = field(default_factory=asyncio.Event)
    received: int = 0
    downloads: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.seen.append(dict(scope))
        more = True
        while more:
            message = await receive()
            self.received += len(message.get("body", b""))
            more = message.get("more_body", False)
            if self.received:
                self.first_bytes.set()
        headers = [(b"x-service", b"docs"), (b"content-type", b"text/plain")]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        if self.downloads:
            await send({"type": "http.response.body", "body": b"x" * 4096, "more_body": True})
            await self.may_go_on.wait()
            for _ in range(self.downloads - 1):
                await send({"type": "http.response.body", "body": b"x" * MIB, "more_body": True})
        await send({"type": "http.response.body", "body": b"of the service"})

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.seen[-1]["headers"])


@dataclass
class Edge:
    client: httpx.AsyncClient
    port: int
    service: Service
    memory: Memory
    assertion_key: SigningKey
    run: Path
    tls: ssl.SSLContext

    async def send_raw(self, data: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=self.tls)
        writer.write(data)
        answer = await reader.read()
        writer.close()
        return answer

    def spooled(self) -> list[Path]:
        return [path for path in self.run.rglob("*") if path.is_file() and path.name not in _OWN_FILES]


_OWN_FILES = {"nginx.pid", "error.log", "nginx.conf"}


@asynccontextmanager
async def _serving(app: ASGIApp, port: int) -> AsyncIterator[None]:
    config = uvicorn.Config(
        app, port=port, http=LimitedProtocol, ws="none", lifespan="off", log_config=None, proxy_headers=False
    )
    server = uvicorn.Server(config)
    server.server_state = LimitedServerState(ConnectionCounts())
    with server.capture_signals():
        task = asyncio.create_task(server._serve())
        while not server.started:
            await asyncio.sleep(0)
        yield
        server.should_exit = True
        await task


@pytest_asyncio.fixture
async def edge(tmp_path: Path) -> AsyncIterator[Edge]:
    run = tmp_path / "run"
    ports = {name: free_port() for name in ("listen", "gateway", "auth", "docs", "audit")}
    tls = ensure_certificates(tmp_path / "tls", ["localhost", "127.0.0.1"], Watch()())
    prepare_run_folder(run)
    options = EdgeOptions(
        host="localhost:8443",
        chain=tls.chain,
        key=tls.key,
        run=run,
        **{name: Address("127.0.0.1", port) for name, port in ports.items()},
    )
    configuration = run / "nginx.conf"
    configuration.write_text(render_nginx(options))
    service, memory, key = Service(), Memory(), SigningKey.generate()
    face = ForwardAuthFace(decision_point(memory), key, References(SecretKey(b"k" * 32)), Watch())
    context = ssl.create_default_context(cafile=tls.ca)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # the certificate is of another time; TLS is not what is tested
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(_serving(face, ports["gateway"]))
        await stack.enter_async_context(_serving(service, ports["docs"]))
        assert NGINX is not None
        nginx = await asyncio.create_subprocess_exec(NGINX, "-c", str(configuration), "-g", "daemon off;")
        await _listening(ports["listen"])
        client = httpx.AsyncClient(
            base_url=f"https://127.0.0.1:{ports['listen']}",
            verify=context,
            headers={"Host": "localhost:8443"},
        )
        async with client:
            yield Edge(client, ports["listen"], service, memory, key, run, context)
        nginx.terminate()
        await nginx.wait()


async def _listening(port: int) -> None:
    for _ in range(2000):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.005)
        else:
            writer.close()
            return
    raise AssertionError("nginx does not listen")


def auth(**change: object) -> dict[str, str]:
    name, value = bearer(**change)  # type: ignore[arg-type]
    return {name.decode(): value.decode()}


async def test_probe(edge: Edge) -> None:
    r = await edge.client.get(f"/v1/matters/{MATTER}?limit=3", headers=auth())
    print(r.status_code, r.headers, r.text)
    print(edge.service.seen, (edge.run / "error.log").read_text())
    for m, p, h in (
        ("GET", "/v1/matters", {}),
        ("GET", "/nope", {}),
        ("PATCH", "/v1/matters", {}),
        ("HEAD", "/v1/matters", {}),
        ("TRACE", "/v1/matters", {}),
        ("OPTIONS", "/v1/matters", {}),
        ("GET", "/v1/matters/", {}),
        ("GET", "/v1/log/events", auth()),
        ("GET", "/-redwell-decide", {}),
        ("GET", "/v1/openapi.json", {}),
        ("GET", "/v1/matters", {"Redwell-Assertion": "x"}),
        ("GET", "/v1/matters", auth() | {"redwell_x": "1"}),
        ("POST", "/v1/sign-in", {"content-type": "application/json"}),
    ):
        r = await edge.client.request(m, p, headers=h)
        print(m, p, r.status_code, dict(r.headers), r.text[:200])
    print(
        await edge.send_raw(
            b"GET http://evil/v1/matters HTTP/1.1\r\nHost: localhost:8443\r\nConnection: close\r\n\r\n"
        )
    )
    print(await edge.send_raw(b"GET / x HTTP/1.1\r\nHost: localhost:8443\r\nConnection: close\r\n\r\n"))
    print(
        await edge.send_raw(
            b"POST /v1/matters HTTP/1.1\r\nHost: localhost:8443\r\nContent-Type: application/json\r\nContent-Length: 5000\r\nConnection: close\r\n\r\n"
        )
    )
    print(edge.memory.counts)
    print((edge.run / "error.log").read_text())
