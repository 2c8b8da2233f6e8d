"""The schema as it stands in a real Postgres: privileges, row-level security, migrations."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from services.host.postgres import EmbeddedPostgres, PostgresOptions
from services.host.prepare import alembic_config
from services.kernel.database import password_of
from services.kernel.settings import Settings
from services.tables import Record
from services.tables.privileges import privilege_statements
from services.tables.roles import LOGIN_ROLES, MIGRATOR, OWNER, Role
from tests.harness.database import prepared_database
from tests.harness.folders import throwaway_folder
from tests.harness.parts import require_folder

GOLDEN = Path(__file__).parents[1] / "vectors" / "privileges.sql"
FIRM, OTHER = UUID("0192f0c1-0000-7000-8000-000000000001"), UUID("0192f0c1-0000-7000-8000-000000000002")
Database = tuple[EmbeddedPostgres, Settings]
Work = Callable[[Connection], None]


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with throwaway_folder() as folder, prepared_database(folder) as prepared:
        yield prepared


def test_privileges_are_the_reviewed_ones() -> None:
    """After a deliberate change: `python -m tests.functional.test_schema` writes the golden file anew."""
    assert "\n".join(privilege_statements()) + "\n" == GOLDEN.read_text()


async def test_row_level_security_is_forced_on_every_table(database: Database) -> None:
    rows = await _fetch(
        database, "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind = 'r' AND nspname = 'public'"
    )  # fmt: skip
    secured = {row["relname"] for row in rows if row["relrowsecurity"] and row["relforcerowsecurity"]}
    assert secured == set(Record.metadata.tables)
    assert {row["relname"] for row in rows} - secured == {"alembic_version"}


async def test_no_role_of_a_service_owns_or_bypasses(database: Database) -> None:
    rows = await _fetch(
        database,
        "SELECT rolname FROM pg_roles "
        "WHERE rolname = ANY($1) AND (rolsuper OR rolbypassrls OR rolcreaterole)",
        list(LOGIN_ROLES),
    )
    owners = await _fetch(database, "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")
    can_log_in = await _fetch(database, "SELECT rolcanlogin FROM pg_roles WHERE rolname = $1", OWNER)
    assert rows == []
    assert [row["tableowner"] for row in owners] == [OWNER]
    assert can_log_in[0]["rolcanlogin"] is False


async def test_a_tenant_sees_and_writes_its_own_rows_alone(database: Database) -> None:
    async with _as(database, Role.DOCS) as docs:
        insert = (
            "INSERT INTO document_classes (tenant_id, id, label, created_at) VALUES ($1, 'x', 'X', now())"
        )
        async with docs.transaction():
            await docs.execute("SELECT set_config('redwell.tenants', $1, true)", str(FIRM))
            await docs.execute(insert, FIRM)
        async with docs.transaction():
            await docs.execute("SELECT set_config('redwell.tenants', $1, true)", str(OTHER))
            assert await docs.fetchval("SELECT count(*) FROM document_classes") == 0
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await docs.execute(insert, FIRM)
        assert await docs.fetchval("SELECT count(*) FROM document_classes") == 0, "no tenant set: no rows"


async def test_evidence_can_only_be_added(database: Database) -> None:
    for role in Role:
        async with _as(database, role) as connection:
            for statement in ("UPDATE events SET reason = 'x'", "DELETE FROM events", "TRUNCATE events"):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(statement)


async def test_no_role_can_leave_evidence_that_does_not_hold_together(database: Database) -> None:
    """A wrong digest would spoil a log for ever; a queue entry without its event would stop the sequencer."""
    event = (
        "INSERT INTO events (tenant_id, id, at, type, outcome, body, sha256) "
        "VALUES ($1, $2, now(), 'a.b', 'info', 'x', $3)"
    )
    async with _as(database, Role.GATEWAY) as gateway:
        for error, statement, values in (
            (asyncpg.CheckViolationError, event, (FIRM, OTHER, bytes(32))),
            (
                asyncpg.ForeignKeyViolationError,
                "INSERT INTO event_queue (tenant_id, event_id, at) VALUES ($1, $2, now())",
                (FIRM, OTHER),
            ),
        ):
            async with gateway.transaction():
                await gateway.execute("SELECT set_config('redwell.tenants', $1, true)", str(FIRM))
                with pytest.raises(error):
                    await gateway.execute(statement, *values)


async def test_the_vault_cannot_read_identities_or_the_log(database: Database) -> None:
    async with _as(database, Role.DOCS) as docs:
        for statement in (
            "SELECT password_hash FROM members",
            "SELECT seed_sealed FROM totp_factors",
            "SELECT token_sha256 FROM refresh_tokens",
            "SELECT body FROM events",
            "SELECT note FROM checkpoints",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await docs.execute(statement)


async def test_migrations_make_exactly_the_tables(database: Database) -> None:
    await _as_owner(database, lambda connection: command.check(alembic_config(connection)))


def test_the_schema_goes_down_and_up_again() -> None:
    with throwaway_folder() as folder, prepared_database(folder) as database:
        down_and_up = [
            lambda connection: command.downgrade(alembic_config(connection), "base"),
            lambda connection: command.upgrade(alembic_config(connection), "head"),
            lambda connection: command.check(alembic_config(connection)),
        ]
        for step in down_and_up:
            asyncio.run(_as_owner(database, step))


def test_the_schema_stands_in_postgres_15() -> None:
    """Debian's server, which is the oldest that is served."""
    options = PostgresOptions(bindir=require_folder("/usr/lib/postgresql/15/bin", "postgresql"))
    with throwaway_folder() as folder, prepared_database(folder, options) as database:
        asyncio.run(_as_owner(database, lambda connection: command.check(alembic_config(connection))))


async def _fetch(database: Database, statement: str, *values: object) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(database[0].superuser_dsn("redwell"))
    try:
        rows: list[asyncpg.Record] = await connection.fetch(statement, *values)
    finally:
        await connection.close()
    return rows


class _as:  # noqa: N801 -- reads as a clause: `async with _as(database, role)`
    def __init__(self, database: Database, role: Role) -> None:
        postgres, settings = database
        self.dsn = postgres.dsn("redwell", role, password_of(settings, role))

    async def __aenter__(self) -> asyncpg.Connection:
        self.connection = await asyncpg.connect(self.dsn)
        return self.connection

    async def __aexit__(self, *_: object) -> None:
        await self.connection.close()


async def _as_owner(database: Database, work: Work) -> None:
    postgres, settings = database
    url = make_url(postgres.dsn("redwell", MIGRATOR, password_of(settings, MIGRATOR)))
    engine = create_async_engine(url.set(drivername="postgresql+asyncpg"))
    try:
        async with engine.connect() as connection:
            await connection.execute(text(f"SET ROLE {OWNER}"))
            await connection.commit()
            await connection.run_sync(work)
            await connection.commit()
    finally:
        await engine.dispose()


if __name__ == "__main__":
    GOLDEN.write_text("\n".join(privilege_statements()) + "\n")
