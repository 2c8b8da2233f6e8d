"""The settings of an instance, for commands that an operator gives beside the running services."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import asyncpg

from services.cli.keys.place import settings_of as settings_of_instance
from services.host.errors import HostError
from services.kernel import database
from services.kernel.database import UNREACHABLE
from services.kernel.problems import EvidenceUnavailable
from services.kernel.settings import Settings
from services.keys.errors import KeysError
from services.storage.protocol import StoreError
from services.tables.roles import Role

FAILURES = (
    HostError,
    KeysError,
    StoreError,
    ValueError,
    asyncpg.PostgresError,
    EvidenceUnavailable,
    *UNREACHABLE,
)
"""Why a command cannot do its work; each is a sentence."""


def settings_of(data: Path | None) -> Settings:
    """As `keys.place.settings_of`, of an instance whose store is there (raises HostError as that does)."""
    settings = settings_of_instance(data)
    if settings.store == "directory" and not settings.objects.is_dir():
        raise HostError(f"The folder {settings.objects} is not there.")
    return settings


@asynccontextmanager
async def connected(settings: Settings, job: Role) -> AsyncIterator[asyncpg.Connection]:
    """A connection past the tenants, as the role that does this job.

    Raises:
        HostError: the instance has not been prepared for it.
        OSError, asyncpg.PostgresError, asyncpg.InterfaceError: the database does not answer.
    """
    async with AsyncExitStack() as stack:
        try:
            opened = database.connected(settings, job, command_seconds=600)
            connection = await stack.enter_async_context(opened)
        except KeyError as missing:
            raise HostError(
                f"There is no password of {job}: "
                "after an upgrade run ./redwell prepare or restart ./redwell up."
            ) from missing
        yield connection
