"""An instance's keys and its database, for commands that an operator gives beside the running services."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import asyncpg

from services.cli.doctor.database import embedded_place
from services.cli.up import data_root, settings_from_environment
from services.host.errors import HostError
from services.host.prepare import DATABASE
from services.kernel.database import UNREACHABLE, connected
from services.kernel.settings import Settings
from services.tables.roles import Role


def settings_of(data: Path | None) -> Settings:
    """The settings of the instance in a folder; of services on their own, those of the environment.

    Raises:
        HostError: there is no instance, or it does not run.
    """
    told, folder = settings_from_environment(), data_root(data)
    if "REDWELL_DATABASE_HOST" not in told:
        place = embedded_place(folder, told.get("REDWELL_DATABASE_NAME", DATABASE))
        if place is None:
            raise HostError(f"No Redwell runs from {folder}; start it, or name its folder with --data.")
        told |= {
            "REDWELL_DATABASE_HOST": place.host,
            "REDWELL_DATABASE_PORT": str(place.port),
            "REDWELL_DATABASE_NAME": place.name,
        }
    passwords = json.dumps(_passwords(told, folder / "database.json"))
    usual = {"REDWELL_KEYS": str(folder / "keys"), "REDWELL_OBJECTS": str(folder / "objects")}
    return Settings.from_environment({**usual, **told, "REDWELL_DATABASE_PASSWORDS": passwords})


def _passwords(told: Mapping[str, str], file: Path) -> dict[str, str]:
    """Those of the file, which has the rotator's; what the environment says of others holds."""
    known = told.get("REDWELL_DATABASE_PASSWORDS")
    try:
        kept: dict[str, str] = json.loads(file.read_text())
    except OSError as error:
        if known is None:
            raise HostError(f"{file} cannot be read: {error.strerror}.") from error
        kept = {}
    return {**kept, **json.loads(known or "{}")}


@asynccontextmanager
async def database_of(settings: Settings, role: Role = Role.SWEEPER) -> AsyncIterator[asyncpg.Connection]:
    """A connection past the tenants, as the vault's own background work has, or the rotator.

    Raises:
        HostError: the database does not answer.
    """
    async with AsyncExitStack() as stack:
        try:
            connection = await stack.enter_async_context(connected(settings, role, name=f"{role}:keys"))
        except (asyncpg.PostgresError, *UNREACHABLE) as error:
            raise HostError(f"The database does not answer: {error or type(error).__name__}.") from error
        yield connection
