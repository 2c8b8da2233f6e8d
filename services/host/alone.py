"""`redwell serve`: one part of the product in its own process, for the edge proxy alone to reach."""

import asyncio
import contextlib
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from services.docs_api.canary import ensure_canary
from services.gateway.forward_auth import ForwardAuth
from services.host.composition import create_service, running
from services.host.connections import MAX_CONNECTIONS, ConnectionCounts
from services.host.door import AssertionDoor
from services.host.health import HealthApp
from services.host.lifespan import Living
from services.host.listeners import BACKLOG, Address, open_sockets
from services.host.places import require_places
from services.host.readiness import readiness_checks, readiness_notes
from services.host.server import Endpoint, serve
from services.host.store import require_store
from services.kernel.clock import Clock, system_clock
from services.kernel.database import UNREACHABLE
from services.kernel.logs import configure
from services.kernel.settings import Settings
from services.keys.files import KeyDirectory, KeyFile
from services.keys.opening import kms_options


def run_alone(name: str, listen: Address, ops: Address, clock: Clock = system_clock) -> None:
    """Serve `gateway`, `auth`, `docs` or `audit` until told to stop. Settings come from the environment.

    Raises:
        HostError: an address cannot be listened on, or the store or the file of countries not used.
        KeysError: a key file is damaged, or the root key is not this database's.
    """
    # A core file would hold keys and content.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    settings = Settings()
    configure(settings.log_level)
    if name == "docs":
        kms_options(settings)
        asyncio.run(_check_root_key(settings, clock))
        asyncio.run(require_store(settings))
    if name == "auth":
        require_places(settings)
    public, private = open_sockets(listen), open_sockets(ops)
    for bound in (*public, *private):
        bound.listen(BACKLOG)
        bound.setblocking(False)
    app, health = _gateway(settings, clock) if name == "gateway" else _service(name, settings, clock)
    # All of them come from the edge proxy's address, which limits those of each client.
    counts = ConnectionCounts(per_address=MAX_CONNECTIONS)
    front = Endpoint(app, public, counts=counts, public_url=settings.public_url)
    serve([front, Endpoint(health, private, lifespan=False)])


async def _check_root_key(settings: Settings, clock: Clock) -> None:
    """Refuse another root key; while the database does not answer, `/readyz` says so instead."""
    root = KeyDirectory(settings.keys).secret(KeyFile.ROOT)
    with contextlib.suppress(asyncpg.PostgresError, *UNREACHABLE):
        await ensure_canary(settings, root, clock())


def _gateway(settings: Settings, clock: Clock) -> tuple[Living, HealthApp]:
    gateway = ForwardAuth(settings, clock)
    return Living(gateway, gateway.running), HealthApp([gateway.ready])


def _service(name: str, settings: Settings, clock: Clock) -> tuple[Living, HealthApp]:
    app = create_service(name, settings, clock)
    door = AssertionDoor(app, clock)

    @asynccontextmanager
    async def live() -> AsyncIterator[None]:
        async with running(app), door.running():
            yield

    return Living(door, live), HealthApp(readiness_checks([app]), readiness_notes([app]))
