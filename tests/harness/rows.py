"""The database as its administrator sees it, for faults and for proof. One connection a question."""

import asyncio
import json
from typing import Any
from uuid import UUID

import asyncpg

from services.tables import Record
from tests.harness.eventually import eventually
from tests.harness.instance import Instance
from tests.harness.people import Person

_BEHIND = """
SELECT EXISTS (SELECT FROM event_queue) OR EXISTS (
    SELECT FROM trees t
    WHERE t.size > coalesce((SELECT max(size) FROM checkpoints c WHERE c.tenant_id = t.tenant_id), 0)
)
"""


_BUSY = f"""
{_BEHIND} OR EXISTS (SELECT FROM outbox) OR EXISTS (
    SELECT FROM trees t
    WHERE t.size > coalesce((SELECT max(next_index) FROM reading_places p WHERE p.tenant_id = t.tenant_id), 0)
)
"""
"""In one statement: what is told becomes mail, and mail that has gone becomes an event, between any two."""


def rows(instance: Instance, statement: str, *values: object) -> list[asyncpg.Record]:
    return asyncio.run(_fetch(instance, statement, values))


def row(instance: Instance, statement: str, *values: object) -> asyncpg.Record:
    (found,) = rows(instance, statement, *values)
    return found


async def _fetch(instance: Instance, statement: str, values: tuple[object, ...]) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(instance.superuser_dsn(), timeout=5)
    try:
        found: list[asyncpg.Record] = await connection.fetch(statement, *values)
        return found
    finally:
        await connection.close()


def answers(instance: Instance) -> bool:
    """Whether Postgres takes connections."""
    try:
        rows(instance, "SELECT 1")
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError):
        return False
    return True


def wait_until_sequenced(instance: Instance) -> None:
    """Return when every event has its leaf and every tree its checkpoint."""
    eventually(lambda: not row(instance, _BEHIND)[0])


def wait_until_quiet(instance: Instance) -> None:
    """Return when nothing is left to do in the background: every event sequenced, and people told of it."""
    eventually(lambda: not row(instance, _BUSY)[0])


def digests(instance: Instance) -> dict[str, str]:
    """A digest of all rows of each table: equal only if nothing was changed. The sweep's own mark is none."""
    digest = "md5(coalesce(string_agg(md5(t::text), '' ORDER BY md5(t::text)), ''))"
    parts = " UNION ALL ".join(
        f"SELECT '{name}' AS name, {digest} AS digest FROM {name} t"
        for name in sorted(set(Record.metadata.tables) - {"store_marks"})
    )
    return {found["name"]: found["digest"] for found in rows(instance, parts)}


def segments(instance: Instance, document_id: str) -> list[asyncpg.Record]:
    """The segments of a document's newest version, in their order."""
    return rows(
        instance,
        "SELECT s.* FROM segments s JOIN versions v ON v.tenant_id = s.tenant_id AND v.id = s.version_id "
        "WHERE v.document_id = $1 ORDER BY v.number DESC, s.ordinal",
        UUID(document_id),
    )


def received_bytes(instance: Instance, upload_id: str) -> int:
    """How much of an upload is durable."""
    return int(row(instance, "SELECT received_bytes FROM uploads WHERE id = $1", UUID(upload_id))[0])


def events(instance: Instance, document_id: str, type_: str) -> list[asyncpg.Record]:
    """A document's events of one type, oldest first."""
    return rows(
        instance,
        "SELECT * FROM events WHERE document_id = $1 AND type = $2 ORDER BY id",
        UUID(document_id),
        type_,
    )


def session_events(instance: Instance, person: Person, type_: str) -> list[dict[str, Any]]:
    """Events of one type about the person's sessions, read from their exact bytes, oldest first."""
    organization = UUID(person.organization)
    of_theirs = "SELECT id FROM sessions WHERE tenant_id = $1 AND member_id = $2"
    sessions = {str(found["id"]) for found in rows(instance, of_theirs, organization, UUID(person.id))}
    of_type = "SELECT body FROM events WHERE tenant_id = $1 AND type = $2 ORDER BY id"
    told = [json.loads(found["body"]) for found in rows(instance, of_type, organization, type_)]
    return [event for event in told if event["object"]["id"] in sessions]


def change_of(event: asyncpg.Record) -> dict[str, Any]:
    """The `change` in the exact bytes of an event."""
    found: dict[str, Any] = json.loads(event["body"]).get("change", {})
    return found
