"""Makes a Postgres ready for Redwell: database, roles, schema, privileges; repeated at each start.

Needs a superuser (or a role with CREATEDB and CREATEROLE) once; the services never see that credential.
"""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from services.host.errors import PostgresError
from services.host.secret_files import replace_secret
from services.tables.privileges import privilege_statements
from services.tables.roles import LOGIN_ROLES, MIGRATOR, OWNER, Role

DATABASE = "redwell"
MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
_OLDEST_SERVER = 150000
_CONNECT_SECONDS = 10
_DURABLE = ("fsync", "synchronous_commit", "full_page_writes")
_PLANNING = ("enable_seqscan", "jit")
"""Off for our roles. A connection keeps the plans it made while a table was nearly empty, also those that
check references; one that reads the whole table costs more with every row, until the next statistics."""


def read_or_create_passwords(file: Path) -> dict[str, str]:
    """Each login role's own random password, in a file of mode 0600; a role that is new gets its own."""
    known: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    missing = [role for role in LOGIN_ROLES if role not in known]
    if missing:
        known |= {str(role): secrets.token_urlsafe(32) for role in missing}
        replace_secret(file, json.dumps(known))
    return known


def passwords_of_services(passwords: Mapping[str, str]) -> dict[str, str]:
    """Those that a running service may know.

    Not the migrator's, who may become the owner, nor the rotator's, who works only when an operator says so.
    """
    kept = {MIGRATOR, Role.ROTATOR}
    return {role: password for role, password in passwords.items() if role not in kept}


async def check_administrator(dsn: str) -> None:
    """Return if this Postgres can be reached so, and be used.

    Raises:
        PostgresError: it cannot be reached, is too old, or would lose committed rows.
    """
    connection = await _connect(dsn)
    try:
        await _check_server(connection)
    finally:
        await connection.close()


async def prepare_database(superuser_dsn: str, passwords: dict[str, str], database: str = DATABASE) -> None:
    """Roles, database, schema and privileges, as the tables declare them.

    Raises:
        PostgresError: the server is too old, would lose committed rows, or refuses this administrator.
    """
    await check_administrator(superuser_dsn)
    connection = await _connect(superuser_dsn)
    try:
        await _create_roles(connection, passwords)
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database):
            await connection.execute(f"CREATE DATABASE {database} OWNER {OWNER} TEMPLATE template0")
        await connection.execute(f"REVOKE ALL ON DATABASE {database} FROM PUBLIC")
        await connection.execute(f"GRANT CONNECT ON DATABASE {database} TO {', '.join(LOGIN_ROLES)}")
    except asyncpg.InsufficientPrivilegeError as error:
        raise PostgresError(
            f"The administrator must be a superuser, or have CREATEDB and CREATEROLE: {error}."
        ) from error
    finally:
        await connection.close()
    await _migrate(_with_role(superuser_dsn, database, MIGRATOR, passwords[MIGRATOR]))


async def _connect(dsn: str) -> asyncpg.Connection:
    try:
        return await asyncpg.connect(dsn, timeout=_CONNECT_SECONDS)
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        # asyncpg's messages name host, port and role, never the password.
        reason = str(error) or f"no answer in {_CONNECT_SECONDS} s"
        raise PostgresError(f"The Postgres cannot be reached as administrator: {reason}.") from error


async def _check_server(connection: asyncpg.Connection) -> None:
    if int(await connection.fetchval("SHOW server_version_num")) < _OLDEST_SERVER:
        raise PostgresError("Redwell needs Postgres 15 or newer.")
    for setting in _DURABLE:
        if await connection.fetchval("SELECT current_setting($1)", setting) == "off":
            raise PostgresError(f"Postgres runs with {setting}=off: committed evidence could vanish.")


async def _create_roles(connection: asyncpg.Connection, passwords: dict[str, str]) -> None:
    known = {row["rolname"] for row in await connection.fetch("SELECT rolname FROM pg_roles")}
    if OWNER not in known:
        await connection.execute(f"CREATE ROLE {OWNER} NOLOGIN")
    for role in LOGIN_ROLES:
        verb = "ALTER" if role in known else "CREATE"
        # A password cannot be a bound parameter; ours are base64url, without quotes.
        await connection.execute(
            f"{verb} ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOINHERIT "
            f"PASSWORD '{passwords[role]}'"
        )
        for setting in _PLANNING:
            await connection.execute(f"ALTER ROLE {role} SET {setting} = off")
    await connection.execute(f"GRANT {OWNER} TO {MIGRATOR}")


def _with_role(superuser_dsn: str, database: str, role: str, password: str) -> str:
    """The same server, as another role (both names and password need no quoting in a URL)."""
    parts = urlsplit(superuser_dsn)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{role}:{password}@{place}", path=f"/{database}"))


async def _migrate(dsn: str) -> None:
    engine = create_async_engine(make_url(dsn).set(drivername="postgresql+asyncpg"))
    try:
        async with engine.connect() as connection:
            await connection.execute(text(f"SET ROLE {OWNER}"))
            await connection.commit()
            await connection.run_sync(_upgrade)
            await connection.commit()
            for statement in privilege_statements():
                await connection.exec_driver_sql(statement)
            await connection.commit()
    finally:
        await engine.dispose()


def alembic_config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def _upgrade(connection: Connection) -> None:
    command.upgrade(alembic_config(connection), "head")
