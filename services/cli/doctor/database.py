"""What the database says of itself and of the log, read by the services' own roles, read-only."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import asyncpg

from services.cli.doctor import arrivals
from services.cli.doctor.arrivals import Arrivals
from services.cli.doctor.fixity import FixityFacts
from services.cli.doctor.service import LogFacts
from services.tables.roles import MIGRATOR, OWNER, Role

SECONDS = 10
_SOCKET_LINE = 4
_IS_LOCAL = """
SELECT inet_client_addr() IS NULL OR host(inet_client_addr()) = '::1' OR inet_client_addr() <<= '127.0.0.0/8'
"""
_FIXITY = """
SELECT last.ended_at, last.versions, last.damaged,
    (SELECT max(started_at) FROM fixity_runs WHERE state = 'running') AS running_since,
    (SELECT count(*) FROM version_checks c
     JOIN versions v ON v.tenant_id = c.tenant_id AND v.id = c.version_id
     WHERE c.finding IS NOT NULL AND v.state = 'available') AS damaged_now,
    (SELECT min(suspended_at) FROM store_marks) AS suspended_at
FROM (SELECT) AS always LEFT JOIN (
    SELECT ended_at, versions, damaged FROM fixity_runs
    WHERE state = 'ended' AND whole ORDER BY ended_at DESC LIMIT 1
) AS last ON true
"""
_DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the database is, and the file with the roles' passwords."""

    host: str
    port: int
    name: str
    passwords: Path


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """`version`: server_version_num. `revision` None: no schema. `local`: without a network in between."""

    version: int
    durable: dict[str, str]
    now: datetime
    revision: str | None
    encrypted: bool
    local: bool
    log: LogFacts | None
    arrivals: Arrivals | None = None
    fixity: FixityFacts | None = None


def embedded_place(data: Path, name: str) -> Place | None:
    """Where the embedded Postgres of a running instance listens; None when it does not run."""
    try:
        lines = (data / "postgres" / "data" / "postmaster.pid").read_text().splitlines()
    except OSError:
        return None
    if len(lines) <= _SOCKET_LINE:
        return None
    return Place(lines[_SOCKET_LINE], int(lines[_SOCKET_LINE - 1]), name, data / "database.json")


async def ask(place: Place) -> DatabaseFacts:
    """Read it all.

    Raises:
        OSError, asyncpg.PostgresError, asyncpg.InterfaceError: it does not answer, or not to these roles.
    """
    async with _connected(place, MIGRATOR) as connection:
        await connection.execute(f"SET ROLE {OWNER}")
        present = await connection.fetchval("SELECT to_regclass('alembic_version')::text")
        facts = DatabaseFacts(
            version=int(await connection.fetchval("SHOW server_version_num")),
            durable={name: await connection.fetchval(f"SHOW {name}") for name in _DURABLE},
            now=await connection.fetchval("SELECT clock_timestamp()"),
            revision=await connection.fetchval("SELECT version_num FROM alembic_version")
            if present
            else None,
            encrypted=await connection.fetchval("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"),
            local=await connection.fetchval(_IS_LOCAL),
            log=None,
        )
        fixity = await connection.fetchval("SELECT to_regclass('fixity_runs')::text")
    if facts.revision is None:
        return facts
    async with _connected(place, Role.SEQUENCER) as connection:
        log = await _log(connection)
    async with _connected(place, Role.SWEEPER) as connection:
        waiting = await arrivals.ask(connection)
    verified = await _fixity(place) if fixity else None
    return replace(facts, log=log, arrivals=waiting, fixity=verified)


@asynccontextmanager
async def _connected(place: Place, role: str) -> AsyncIterator[asyncpg.Connection]:
    passwords = json.loads(place.passwords.read_text())
    connection = await asyncpg.connect(
        host=place.host,
        port=place.port,
        user=str(role),
        password=passwords[role],
        database=place.name,
        timeout=SECONDS,
        command_timeout=SECONDS,
        server_settings={"default_transaction_read_only": "on", "application_name": "redwell doctor"},
    )
    try:
        yield connection
    finally:
        await connection.close(timeout=SECONDS)


async def _fixity(place: Place) -> FixityFacts:
    async with _connected(place, Role.VERIFIER) as connection:
        return FixityFacts(**dict(await connection.fetchrow(_FIXITY)))


async def _log(connection: asyncpg.Connection) -> LogFacts:
    trees = await connection.fetchrow("SELECT count(*) AS trees, coalesce(sum(size), 0) AS leaves FROM trees")
    queue = await connection.fetchrow("SELECT count(*) AS waiting, min(at) AS since FROM event_queue")
    signed = await connection.fetchrow(
        "SELECT max(heads.signed_at) AS at, count(*) FILTER (WHERE trees.size > covered) AS unsigned "
        "FROM (SELECT tenant_id, max(size) AS covered, max(signed_at) AS signed_at "
        "      FROM checkpoints GROUP BY tenant_id) AS heads RIGHT JOIN trees USING (tenant_id)"
    )
    return LogFacts(
        trees=trees["trees"],
        leaves=int(trees["leaves"]),
        waiting=queue["waiting"],
        waiting_since=queue["since"],
        unsigned_trees=signed["unsigned"],
        signed_at=signed["at"],
    )
