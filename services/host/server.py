"""Runs ASGI applications on inherited sockets in one event loop: a worker's whole life."""

import asyncio
import os
import signal
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
import uvloop
from starlette.types import ASGIApp

from services.host.connections import ConnectionCounts, LimitedServerState
from services.host.listeners import BACKLOG
from services.host.protocol import LimitedProtocol
from services.host.workers import READY
from services.kernel.http.admission import strict_transport

KEEP_ALIVE_SECONDS = 15
GRACEFUL_SECONDS = 3
# When even cancelled requests and lifespans do not end, the kernel ends us; the supervisor would do so
# earlier, but may be dead itself.
LAST_RESORT_SECONDS = 6
HANDSHAKE_SECONDS = 10.0


@dataclass(frozen=True)
class TLSFiles:
    """PEM files: certificate chain, private key."""

    chain: Path
    key: Path


@dataclass(frozen=True)
class Endpoint:
    """An application and the sockets it answers on.

    Attributes:
        app: ASGI application.
        sockets: bound sockets.
        tls: certificate, or None for plain HTTP.
        lifespan: whether to run the application's lifespan. An application that fails it ends the worker.
        counts: the connection limits.
        public_url: the origin that it is known by, if it is; every answer then demands TLS.
    """

    app: ASGIApp
    sockets: Sequence[socket.socket]
    tls: TLSFiles | None = None
    lifespan: bool = True
    counts: ConnectionCounts = field(default_factory=ConnectionCounts)
    public_url: str | None = None

    @property
    def headers(self) -> list[tuple[str, str]]:
        """What stands on every answer beside what the application gives."""
        if self.public_url is None:
            return []
        name, value = strict_transport(urlsplit(self.public_url).hostname or "localhost")
        return [(name.decode(), value.decode())]


def serve(endpoints: Sequence[Endpoint], ready: int | None = None) -> None:
    """Serve until SIGTERM or SIGINT; blocks. The lifespans start in the order given.

    Args:
        endpoints: what to serve.
        ready: descriptor to tell the supervisor on that all of them serve; closed by us.
    """
    uvloop.run(_serve([LimitedServer(endpoint) for endpoint in endpoints], ready))


def tls_context(files: TLSFiles) -> ssl.SSLContext:
    """TLS 1.2 or newer, with forward secrecy and AEAD only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols(["http/1.1"])
    context.load_cert_chain(files.chain, files.key, password=lambda: b"")  # never asked for at a terminal
    return context


class LimitedServer(uvicorn.Server):
    """uvicorn's server on given sockets, with our limits, and signals left to `serve`."""

    def __init__(self, endpoint: Endpoint) -> None:
        config = uvicorn.Config(
            endpoint.app,
            http=LimitedProtocol,
            ws="none",
            loop="uvloop",
            lifespan="on" if endpoint.lifespan else "off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            headers=endpoint.headers,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACEFUL_SECONDS,
        )
        super().__init__(config)
        self.server_state = LimitedServerState(endpoint.counts)
        self.endpoint = endpoint

    async def begin(self) -> None:
        """Run the lifespan's start, then listen."""
        self.config.load()
        self.server_state.default_headers = self.config.encoded_headers  # uvicorn's clock adds the date
        self.lifespan = self.config.lifespan_class(self.config)
        await self.startup()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - ours are given
        """As uvicorn's, but with a limit on the TLS handshake, which it cannot be told."""
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            raise SystemExit(uvicorn.config.STARTUP_FAILURE)
        loop = asyncio.get_running_loop()
        context = tls_context(self.endpoint.tls) if self.endpoint.tls else None
        self.servers = [
            await loop.create_server(
                self._protocol,
                sock=listening,
                backlog=BACKLOG,
                ssl=context,
                ssl_handshake_timeout=HANDSHAKE_SECONDS if context else None,
            )
            for listening in self.endpoint.sockets
        ]
        self.started = True

    def _protocol(self) -> LimitedProtocol:
        assert isinstance(self.server_state, LimitedServerState)
        return LimitedProtocol(self.config, self.server_state, self.lifespan.state)


async def _serve(servers: Sequence[LimitedServer], ready: int | None) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _tell_to_exit, servers)
    begun: list[LimitedServer] = []
    try:
        for server in servers:
            await server.begin()
            begun.append(server)
        if ready is not None:
            os.write(ready, READY)
            os.close(ready)
        await asyncio.gather(*(server.main_loop() for server in begun))
    finally:
        await asyncio.gather(*(server.shutdown(list(server.endpoint.sockets)) for server in begun))


def _tell_to_exit(servers: Sequence[LimitedServer]) -> None:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(LAST_RESORT_SECONDS)
    for server in servers:
        server.should_exit = True
