"""`redwell keys stage-signing | rotate-signing | retire-signing`."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from services.auth.signing.rotation import SigningRotation, lock_signing
from services.auth.signing.rows import SigningKeyRows
from services.cli.keys.place import database_of, settings_of
from services.evidence.recorder import Recorder
from services.host.errors import HostError
from services.kernel.clock import Clock, system_clock
from services.kernel.database import UNREACHABLE
from services.keys.files import KeyDirectory, KeyFile
from services.keys.generations import Generations
from services.tables.roles import Role

Tell = Callable[[str], None]


def stage(data: Path | None, tell: Tell, clock: Clock = system_clock) -> None:
    """Publish the next signing key (raises HostError, KeysError, ValidationError)."""

    async def run() -> None:
        async with _rotation(data, tell, clock) as rotation:
            await rotation.stage()

    asyncio.run(run())


def rotate(data: Path | None, tell: Tell, clock: Clock = system_clock, *, at_once: bool = False) -> None:
    """Put the next signing key in the present one's place (raises as `stage` does)."""

    async def run() -> None:
        async with _rotation(data, tell, clock) as rotation:
            await (rotation.rotate_at_once() if at_once else rotation.rotate())

    asyncio.run(run())


def retire(data: Path | None, kid: str, tell: Tell, clock: Clock = system_clock) -> None:
    """Believe nothing more that a key has signed (raises as `stage` does)."""

    async def run() -> None:
        async with _rotation(data, tell, clock) as rotation:
            await rotation.retire(kid)

    asyncio.run(run())


@asynccontextmanager
async def _rotation(data: Path | None, tell: Tell, clock: Clock) -> AsyncIterator[SigningRotation]:
    settings = settings_of(data)
    keys = KeyDirectory(settings.keys)
    recorder = Recorder(settings, Role.ROTATOR, keys.secret(KeyFile.SUBJECTS), clock)
    try:
        async with database_of(settings, Role.ROTATOR) as connection:
            await lock_signing(connection)
            await connection.set_type_codec(
                "jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads
            )
            rows = SigningKeyRows(connection, recorder)
            yield SigningRotation(rows, Generations(keys, KeyFile.TOKEN), tell)
    except (asyncpg.PostgresError, *UNREACHABLE) as error:
        raise HostError(
            f"The database ended it: {error or type(error).__name__}. Give the command again to go on."
        ) from error
