"""`redwell restored`: an operator says that a restored database and the store beside it belong together."""

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

from pydantic import ValidationError

from services.cli.fixity.place import FAILURES, connected, settings_of
from services.docs_api.fixity.unnamed import count_unnamed
from services.docs_api.sweep.belonging import Pair
from services.docs_api.sweep.sweeper import LOCK
from services.evidence.recorder import Recorder
from services.kernel.clock import system_clock
from services.kernel.settings import Settings
from services.keys.files import KeyDirectory, KeyFile
from services.storage.stores import open_stores, owner_of
from services.tables.roles import Role

FINE, NOT_CONFIRMED, CANNOT_LOOK = 0, 1, 2


def confirm_restored(data: Path | None, *, confirmed: bool) -> int:
    """Tell what is so, confirm it if that was asked for, and return the exit status."""
    try:
        return asyncio.run(_confirm(settings_of(data), confirmed=confirmed))
    except ValidationError as error:
        print(f"redwell: {'; '.join(each['msg'] for each in error.errors())}", file=sys.stderr)
    except FAILURES as error:
        print(f"redwell: {str(error) or type(error).__name__}", file=sys.stderr)
    return CANNOT_LOOK


async def _confirm(settings: Settings, *, confirmed: bool) -> int:
    subjects = KeyDirectory(settings.keys).secret(KeyFile.SUBJECTS)
    owner = str(subjects.name.id)
    recorder = Recorder(settings, Role.SWEEPER, subjects, system_clock)
    async with open_stores(settings, owner) as stores, connected(settings, Role.SWEEPER) as connection:
        # A round of the sweep that is under way comes first.
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        pairs = [
            Pair(connection, await stores.named(name), recorder, owner_of(owner, name), name)
            for name in stores.names
        ]
        apart = [pair for pair in pairs if await pair.differ() is not None]
        if not apart:
            print("Database and store belong together; there is nothing to confirm.")
            return FINE
        oldest_kept = system_clock() - timedelta(seconds=settings.orphan_grace_seconds)
        unnamed = await count_unnamed(connection, stores, oldest_kept)
        print(f"The sweep would delete {unnamed} objects, which no row of this database names.")
        if not confirmed:
            print("If this database and this store are to stay together, say it again with --yes.")
            return NOT_CONFIRMED
        for pair in apart:
            await pair.confirm()
        print("Confirmed: the sweep goes on.")
        return FINE
