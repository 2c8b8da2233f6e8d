"""A prepared database without services, for tests of the schema itself."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.host.postgres import EmbeddedPostgres, PostgresOptions
from services.host.prepare import prepare_database, read_or_create_passwords
from services.kernel.settings import Settings
from services.keys.files import KeyDirectory


@contextmanager
def prepared_database(
    folder: Path, options: PostgresOptions | None = None
) -> Iterator[tuple[EmbeddedPostgres, Settings]]:
    """A running, migrated Postgres, and settings that reach it as any service role."""
    with EmbeddedPostgres(folder / "postgres", options) as postgres:
        passwords = read_or_create_passwords(folder / "database.json")
        asyncio.run(prepare_database(postgres.superuser_dsn(), passwords))
        KeyDirectory(folder / "keys").ensure()
        yield (
            postgres,
            Settings(
                keys=folder / "keys",
                objects=folder / "objects",
                database_host=str(postgres.socket_directory),
                database_passwords=json.dumps(passwords),
            ),
        )
