"""The settings of an instance, for commands that an operator gives beside the running services."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from services.cli.doctor.database import embedded_place
from services.cli.up import data_root, settings_from_environment
from services.host.errors import HostError
from services.host.prepare import DATABASE
from services.kernel.database import UNREACHABLE, password_of
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
    """The settings of the instance in a folder; of services on their own, those of the environment.

    Raises:
        HostError: there is no instance, or it does not run; or its folder of objects is not there.
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
    try:
        passwords = told.get("REDWELL_DATABASE_PASSWORDS") or (folder / "database.json").read_text()
    except OSError as error:
        raise HostError(f"{folder / 'database.json'} cannot be read: {error.strerror}.") from error
    usual = {"REDWELL_KEYS": str(folder / "keys"), "REDWELL_OBJECTS": str(folder / "objects")}
    settings = Settings.from_environment({**usual, **told, "REDWELL_DATABASE_PASSWORDS": passwords})
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
    role = str(job)
    try:
        password = password_of(settings, role)
    except KeyError as missing:
        raise HostError(
            f"There is no password of {role}: after an upgrade run ./redwell prepare or restart ./redwell up."
        ) from missing
    connection = await asyncpg.connect(
        host=settings.database_host,
        port=settings.database_port,
        database=settings.database_name,
        user=role,
        password=password,
        timeout=5,
        command_timeout=600,
        server_settings={"application_name": role},
    )
    try:
        yield connection
    finally:
        await connection.close(timeout=5)
