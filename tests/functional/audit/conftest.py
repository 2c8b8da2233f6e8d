"""A prepared Postgres without the product around it, for what only the ledger's own steps can show."""

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr

from services.audit.app import create_app
from services.host.postgres import EmbeddedPostgres
from services.host.prepare import prepare_database, read_or_create_passwords
from services.kernel.principal import Principal
from services.kernel.scopes import Role
from services.kernel.settings import Settings
from services.keys.files import KeyDirectory
from tests.functional.audit.office import Office


@pytest.fixture(scope="session")
def ledger_postgres() -> Iterator[tuple[Settings, str]]:
    """Settings to reach it, and the superuser's DSN."""
    folder = Path(tempfile.mkdtemp(prefix="redwell-ledger-"))
    folder.chmod(0o711)  # the server runs as another account
    try:
        with EmbeddedPostgres(folder / "postgres") as server:
            passwords = read_or_create_passwords(folder / "passwords.json")
            asyncio.run(prepare_database(server.superuser_dsn(), passwords))
            KeyDirectory(folder / "keys").ensure()
            settings = Settings(
                keys=folder / "keys",
                objects=folder / "objects",
                database_host=str(server.socket_directory),
                database_passwords=SecretStr(json.dumps(passwords)),
                checkpoint_interval_seconds=0.05,
            )
            yield settings, server.superuser_dsn("redwell")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def office(ledger_postgres: tuple[Settings, str], tmp_path: Path) -> AsyncIterator[Office]:
    settings, superuser_dsn = ledger_postgres
    app = create_app(settings)
    superuser = await asyncpg.connect(superuser_dsn)
    try:
        async with app.router.lifespan_context(app):
            made = Office(app, superuser, tmp_path)
            async with made.http:
                yield made
    finally:
        await superuser.close()


@pytest.fixture
async def officer(office: Office) -> Principal:
    return await office.sign_in(office.tenant, Role.COMPLIANCE_OFFICER)
