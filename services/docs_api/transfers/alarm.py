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
from services.kernel.logs import logger
from services.kernel.settings import Settings
from services.tables.roles import Role

CHANNEL = "redwell_access"
RETRY_SECONDS = 1.0
_log = logger("docs")


class Alarm:
    """One connection for a process, and a bell for each transfer in it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._bells: dict[asyncio.Event, frozenset[UUID]] = {}

    @contextlib.contextmanager
    def bell(self, *tenants: UUID) -> Iterator[asyncio.Event]:
        """An event that is set whenever access may have changed in one of `tenants`."""
        event = asyncio.Event()
        self._bells[event] = frozenset(tenants)
        try:
            yield event
        finally:
            del self._bells[event]

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
            self.ring(None)  # whatever was said meanwhile was missed
            await lost.wait()
        finally:
            connection.terminate()

    def _heard(self, _connection: Any, _pid: int, _channel: str, tenant: str) -> None:  # noqa: ANN401 -- asyncpg's
        with contextlib.suppress(ValueError):
            self.ring(UUID(tenant))

    def ring(self, tenant: UUID | None) -> None:
        """Wake whoever waits for `tenant`; everybody, if it is None."""
        for bell, tenants in self._bells.items():
            if tenant is None or tenant in tenants:
                bell.set()
