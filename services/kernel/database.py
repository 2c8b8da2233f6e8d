"""Connections to Postgres: one pool a service and role, one transaction a request, tenants set for each.

The tenant setting is what the row-level policies read (`services/tables/privileges.py`). It is set with
`set_config(..., is_local)` in the statement that opens the transaction, so that it cannot outlive it.
"""

import contextlib
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
from sqlalchemy import event, text
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from services.kernel.problems import Unavailable
from services.kernel.settings import Settings

TENANTS_SETTING = "redwell.tenants"
_STATEMENT_TIMEOUT_MS = "15000"
SILENT_SECONDS = 20.0
"""For how long an answer is waited for. Postgres gives up sooner, and says so; if it does not, the line is
dead, though nobody has closed it."""
UNREACHABLE = (OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError)
"""What asyncpg raises when there is no server to speak to. A server that is starting or stopping adds
`CannotConnectNowError` and `AdminShutdownError`, which `_is_outage` knows."""


def password_of(settings: Settings, role: str) -> str:
    passwords = json.loads(settings.database_passwords.get_secret_value())
    return str(passwords[role])


def database_url(settings: Settings, role: str) -> URL:
    return URL.create(
        "postgresql+asyncpg",
        str(role),  # asyncpg takes no subclass of str
        password_of(settings, role),
        host=None if settings.database_host.startswith("/") else settings.database_host,
        port=None if settings.database_host.startswith("/") else settings.database_port,
        database=settings.database_name,
        query={"host": settings.database_host} if settings.database_host.startswith("/") else {},
    )


def _refuse_ended(connection: DBAPIConnection, _record: object, _checked_out: object) -> None:
    """Have the pool connect anew when Postgres ended this connection meanwhile.

    The driver knows from the socket. Asking Postgres, as `pool_pre_ping` does, is three round trips more for
    every transaction, and tells no more: whoever asks a server that is silently gone waits as well.
    """
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def tenants_text(tenants: Iterable[UUID]) -> str:
    return ",".join(str(tenant) for tenant in tenants)


class Database:
    """The pool of one role. `pool_size` connections at most; the sum in a process stays within 20."""

    def __init__(self, settings: Settings, role: str, pool_size: int) -> None:
        self.engine = create_async_engine(
            database_url(settings, role),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=10,
            hide_parameters=True,  # an error that is logged must not bring rows with it
            connect_args={
                "timeout": 5,
                "command_timeout": SILENT_SECONDS,
                "server_settings": {
                    "application_name": str(role),
                    "statement_timeout": _STATEMENT_TIMEOUT_MS,
                },
            },
        )
        event.listen(self.engine.sync_engine, "checkout", _refuse_ended)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    @asynccontextmanager
    async def transaction(self, tenants: Iterable[UUID] = ()) -> AsyncIterator[AsyncSession]:
        """One transaction that sees the rows of `tenants` alone; commits at the end, rolls back on any error.

        Raises:
            Unavailable: Postgres cannot be reached, or went away on the way.
        """
        with outages_translated():
            async with self._sessions.begin() as session:
                try:
                    await set_tenants(session, tenants)
                    yield session
                except TimeoutError:
                    await _give_up(session)
                    raise

    async def close(self) -> None:
        await self.engine.dispose()


async def _give_up(session: AsyncSession) -> None:
    """Never use this connection again: nobody answered on it."""
    with contextlib.suppress(SQLAlchemyError):
        (await driver_connection(session)).terminate()


async def set_tenants(session: AsyncSession, tenants: Iterable[UUID]) -> None:
    """From here to its end, the transaction sees and writes the rows of `tenants`."""
    await session.execute(
        text("SELECT set_config(:name, :tenants, true)"),
        {"name": TENANTS_SETTING, "tenants": tenants_text(tenants)},
    )


async def driver_connection(session: AsyncSession) -> asyncpg.Connection:
    """The asyncpg connection under `session`, inside its transaction."""
    raw = await (await session.connection()).get_raw_connection()
    return raw.driver_connection


@asynccontextmanager
async def connected(
    settings: Settings, role: str, *, name: str | None = None, command_seconds: float = 60
) -> AsyncIterator[asyncpg.Connection]:
    """One connection outside every pool, for work that runs alone; ending it frees its locks.

    `name` is what Postgres shows of it, if that is not the role's.

    Raises:
        KeyError: no password of the role is known.
        OSError, asyncpg.PostgresError, asyncpg.InterfaceError: the database does not answer.
    """
    user = str(role)  # asyncpg takes no subclass of str
    connection = await asyncpg.connect(
        host=settings.database_host,
        port=settings.database_port,
        database=settings.database_name,
        user=user,
        password=password_of(settings, user),
        timeout=5,
        command_timeout=command_seconds,
        server_settings={"application_name": name or user},
    )
    try:
        yield connection
    finally:
        await connection.close(timeout=5)


class outages_translated:  # noqa: N801 -- reads as a clause: `with outages_translated():`
    """Turns "there is no database" into `Unavailable`; every other error passes as it is."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None and _is_outage(error):
            raise Unavailable from error


def _is_outage(error: BaseException) -> bool:
    if isinstance(error, DBAPIError):
        if error.connection_invalidated or isinstance(error, (OperationalError, InterfaceError)):
            return True
        # A server that is starting or stopping is a plain error to SQLAlchemy; asyncpg's own lies beneath.
        cause = error.orig.__cause__ if error.orig is not None else None
        return cause is not None and _is_outage(cause)
    if isinstance(error, PoolTimeoutError):
        return True
    return isinstance(
        error,
        (
            *UNREACHABLE,
            asyncpg.CannotConnectNowError,
            asyncpg.AdminShutdownError,
            asyncpg.InsufficientResourcesError,  # a full disk, no memory, too many connections
        ),
    )
