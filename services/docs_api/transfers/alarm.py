"""Hears at once that access may have ended, so that a running transfer need not wait for its next look.

Triggers of the tables that access hangs on notify `CHANNEL` when a change is committed, with the tenant's id.
A notification only wakes: whoever is woken asks the database. While there is no connection nothing is heard,
and the look that every transfer takes each second holds alone.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import asyncpg

from services.kernel.database import UNREACHABLE, password_of
from services.kernel.ids import PLATFORM
from services.kernel.logs import logger
from services.kernel.settings import Settings
from services.tables.roles import Role

CHANNEL = "redwell_access"
RETRY_SECONDS = 1.0
_log = logger("docs")


class Bell:
    """Rings for one transfer. From when it rang until it is settled, access is in doubt."""

    def __init__(self) -> None:
        self._rung, self._calm = asyncio.Event(), asyncio.Event()
        self._calm.set()

    def ring(self) -> None:
        self._rung.set()
        self._calm.clear()

    async def wait(self, seconds: float) -> None:
        """Return when it rings, or after so many seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._rung.wait(), seconds)
        self._rung.clear()

    def doubt(self) -> None:
        """Access could not be asked for: it is in doubt, as if it had rung."""
        self._calm.clear()

    def settle(self) -> None:
        """Access was found to last; unless it has rung meanwhile, nothing is in doubt."""
        if not self._rung.is_set():
            self._calm.set()

    async def calm(self) -> None:
        """Return when nothing is in doubt."""
        await self._calm.wait()


class Alarm:
    """One connection for a process, and a bell for each transfer in it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._bells: dict[Bell, frozenset[UUID]] = {}
        self._connection: asyncpg.Connection | None = None
        self._turn = asyncio.Lock()
        self._asked = self._answered = 0

    @contextlib.contextmanager
    def hung(self, bell: Bell, *tenants: UUID) -> Iterator[None]:
        """Have `bell` ring whenever access may have changed in one of `tenants`."""
        self._bells[bell] = frozenset(tenants)
        try:
            yield
        finally:
            del self._bells[bell]

    async def caught_up(self) -> None:
        """Return when all that was committed before the call has been heard; at once where nothing listens.

        Postgres delivers what waits before it says that it is ready again, so an answer on the connection
        that listens comes after the news. One question serves all who ask before it begins.
        """
        # A question goes on when its asker goes: others wait for it, and cancelling it could cost the line.
        await asyncio.shield(asyncio.ensure_future(self._ask()))

    async def _ask(self) -> None:
        ticket = self._asked = self._asked + 1
        async with self._turn:
            connection = self._connection
            if connection is None or self._answered >= ticket:
                return
            begun = self._asked
            try:
                await connection.execute("SELECT 1")
            except (asyncpg.PostgresError, *UNREACHABLE):
                connection.terminate()
                return
            self._answered = begun

    async def listen(self) -> None:
        """Never returns; cancel it to stop."""
        while True:
            try:
                await self._listen()
            except (asyncpg.PostgresError, *UNREACHABLE) as error:
                _log.warning("nothing is heard of ended access; transfers look each second", why=str(error))
            await asyncio.sleep(RETRY_SECONDS)

    async def _listen(self) -> None:
        settings, role, lost = self._settings, str(Role.DOCS), asyncio.Event()
        connection = await asyncpg.connect(
            host=settings.database_host,
            port=settings.database_port,
            database=settings.database_name,
            user=role,
            password=password_of(settings, role),
            timeout=5,
            command_timeout=15,
            server_settings={"application_name": f"{role}:alarm"},
        )
        try:
            connection.add_termination_listener(lambda _connection: lost.set())
            await connection.add_listener(CHANNEL, self._heard)
            self._connection = connection
            self.ring(None)  # whatever was said meanwhile was missed
            await lost.wait()
        finally:
            self._connection = None
            connection.terminate()

    def _heard(self, _connection: Any, _pid: int, _channel: str, tenant: str) -> None:  # noqa: ANN401 -- asyncpg's
        with contextlib.suppress(ValueError):
            self.ring(UUID(tenant))

    def ring(self, tenant: UUID | None) -> None:
        """Wake whoever waits for `tenant`; everybody, if it is None or the platform, whose keys all have."""
        for bell, tenants in self._bells.items():
            if tenant in {None, PLATFORM} or tenant in tenants:
                bell.ring()
