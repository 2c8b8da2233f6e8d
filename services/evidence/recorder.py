"""The recorder: the one place that inserts events.

An act's event goes in on the act's own connection, inside its transaction. A refusal goes in on the
recorder's own small pool, in a transaction of its own. Whatever fails here is `EvidenceUnavailable`: nothing
unrecorded is served.
"""

import hmac
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from services.evidence.event import Draft, Event, build_event
from services.evidence.subjects import SubjectKeys
from services.kernel.batches import Batches
from services.kernel.clock import Clock, timestamp
from services.kernel.database import TENANTS_SETTING, UNREACHABLE, password_of, tenants_text
from services.kernel.ids import PLATFORM
from services.kernel.principal import Admission
from services.kernel.problems import EvidenceUnavailable
from services.kernel.settings import Settings
from services.keys.fields import FieldError, FieldName, open_field, seal_field
from services.keys.files import NamedKey
from services.keys.wrapping import SecretKey, derive

FOLD_DELAY = timedelta(seconds=5)
"""How long after its minute a count may still grow; then it becomes one event."""

FOLDED_AT_ONCE = 100
"""How many counts become events in one transaction."""

INSERTED_AT_ONCE = 100
"""How many events are built and sent before others have a turn."""

_MINUTE = timedelta(minutes=1)
_SOURCE_LABEL = "redwell/refusal-source/v1"
_INSERT = """
WITH event AS (
    INSERT INTO events (tenant_id, id, at, type, outcome, reason, actor_id, actor_organization_id, session_id,
                        matter_id, document_id, object_kind, object_id, request_id, body, sha256)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
), personal AS (
    INSERT INTO event_personal_data (tenant_id, event_id, subject_id, sealed)
    SELECT $1, $2, $17::uuid, $18::bytea WHERE $18::bytea IS NOT NULL
)
INSERT INTO event_queue (tenant_id, event_id, at) VALUES ($1, $2, $3)
"""
_COUNT = """
INSERT INTO refusal_counts AS c (tenant_id, minute, source, operation, reason, sealed_address, count)
VALUES ($1, $2, $3, $4, $5, $6, 1)
ON CONFLICT (tenant_id, minute, source, operation, reason) DO UPDATE SET count = c.count + 1
"""
_TAKE_COUNTS = """
DELETE FROM refusal_counts WHERE tenant_id = $1 AND (minute, source, operation, reason) IN (
    SELECT minute, source, operation, reason FROM refusal_counts
    WHERE tenant_id = $1 AND minute <= $2 ORDER BY minute LIMIT $3 FOR UPDATE SKIP LOCKED
) RETURNING minute, operation, reason, sealed_address, count
"""


class Recorder:
    """Writes evidence as one database role. `open` before use, `close` after."""

    def __init__(self, settings: Settings, role: str, master: NamedKey, clock: Clock) -> None:
        self.clock = clock
        self._settings = settings
        self._role = str(role)  # asyncpg takes no subclass of str
        self._subjects = SubjectKeys(master)
        self._source_key = derive(master.key, _SOURCE_LABEL)
        self._pool: asyncpg.Pool | None = None
        self._alone = Batches(self._insert_together, INSERTED_AT_ONCE)

    async def open(self) -> None:
        """Make the pool. It connects on first use, so a service starts before its database does."""
        settings = self._settings
        self._pool = await asyncpg.create_pool(
            host=settings.database_host,
            port=settings.database_port,
            database=settings.database_name,
            user=self._role,
            password=password_of(settings, self._role),
            min_size=0,
            max_size=1,
            timeout=5,
            command_timeout=15,
            server_settings={"application_name": f"{self._role}:evidence"},
        )

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.close()

    async def make_ready(self, tenant: UUID, admission: Admission) -> None:
        """Have the key at hand that seals the personal data of this request's events in `tenant`.

        For whoever appends events of several requests in one transaction: that is not to wait for a key.

        Raises:
            EvidenceUnavailable: there is none to be had.
        """
        subject = admission.principal.id if admission.principal else tenant
        async with _evidence_or_nothing():
            await self._subject_key(tenant, subject, self.clock())

    async def append(
        self, connection: asyncpg.Connection, tenant: UUID, draft: Draft, admission: Admission | None
    ) -> Event:
        """Insert the event of `draft` on `connection`, inside the transaction it is in.

        Raises:
            EvidenceUnavailable: the event could not be written; the act must not happen.
        """
        async with _evidence_or_nothing():
            event = build_event(tenant, draft, admission, self.clock())
            sealed = await self._sealed(event)
            await connection.execute(_INSERT, *_values(event), _subject_of(event), sealed)
        return event

    async def append_alone(self, tenant: UUID, draft: Draft, admission: Admission | None) -> Event:
        """Insert an event apart from any act: a refusal, or the end of a transfer.

        It is committed on return, together with others that came at the same time.
        """
        async with _evidence_or_nothing():
            event = build_event(tenant, draft, admission, self.clock())
            await self._alone.ask((event, await self._sealed(event)))
        return event

    async def _insert_together(self, events: Sequence[tuple[Event, bytes | None]]) -> list[None]:
        async with (
            _evidence_or_nothing(only_outages=True),
            self._transaction({event.tenant for event, _ in events}) as connection,
        ):
            rows = [(*_values(event), _subject_of(event), sealed) for event, sealed in events]
            await connection.executemany(_INSERT, rows)
        return [None] * len(events)

    async def append_all(
        self, connection: asyncpg.Connection, tenant: UUID, drafts: Sequence[Draft], admission: Admission
    ) -> None:
        """Insert many events of one request, each as `append` does, in few round trips (raises as it)."""
        for start in range(0, len(drafts), INSERTED_AT_ONCE):
            part = drafts[start : start + INSERTED_AT_ONCE]
            await self.append_each(connection, [(tenant, draft, admission) for draft in part])

    async def append_each(
        self, connection: asyncpg.Connection, entries: Sequence[tuple[UUID, Draft, Admission]]
    ) -> list[Event]:
        """Insert events of several requests, each as `append` does, in one round trip (raises as it)."""
        async with _evidence_or_nothing():
            events = [build_event(*entry, self.clock()) for entry in entries]
            await connection.executemany(_INSERT, [await self._row(event) for event in events])
        return events

    async def append_all_alone(self, tenant: UUID, drafts: Sequence[Draft], admission: Admission) -> None:
        """As `append_all`, in a transaction of its own."""
        async with _evidence_or_nothing():
            # Before the transaction: what fetches a key needs the connection that it takes.
            rows = [await self._row(build_event(tenant, draft, admission, self.clock())) for draft in drafts]
            async with self._transaction({tenant}) as connection:
                for start in range(0, len(rows), INSERTED_AT_ONCE):
                    await connection.executemany(_INSERT, rows[start : start + INSERTED_AT_ONCE])

    async def _row(self, event: Event) -> tuple[object, ...]:
        return (*_values(event), _subject_of(event), await self._sealed(event))

    async def count_refusal(self, admission: Admission, reason: str) -> None:
        """Count a refusal of somebody unknown: per source, operation, reason and minute, exactly."""
        async with _evidence_or_nothing():
            now = self.clock()
            minute = now.replace(second=0, microsecond=0)
            source = hmac.digest(self._source_key.material, admission.address.encode(), "sha256")
            key = await self._subject_key(PLATFORM, PLATFORM, now)
            sealed = seal_field(key, _address_name(), admission.address)
            async with self._transaction({PLATFORM}) as connection:
                await connection.execute(
                    _COUNT, PLATFORM, minute, source, admission.operation, reason, sealed
                )

    async def fold_refusals(self, connection: asyncpg.Connection) -> int:
        """Turn counts that grow no more into one event each, in the transaction that `connection` is in.

        Returns how many. The connection's role must be allowed to delete counts. Whoever else folds at the
        same time takes other counts; a refusal counted late makes a new count: none is lost or doubled.
        """
        async with _evidence_or_nothing():
            now = self.clock()
            rows = await connection.fetch(_TAKE_COUNTS, PLATFORM, now - _MINUTE - FOLD_DELAY, FOLDED_AT_ONCE)
            key = await self._subject_key(PLATFORM, PLATFORM, now) if rows else None
        for row in rows:
            assert key is not None
            await self.append(connection, PLATFORM, _folded(row, key), None)
        return len(rows)

    async def _sealed(self, event: Event) -> bytes | None:
        if event.personal is None:
            return None
        key = await self._subject_key(event.tenant, _subject_of(event), event.at)
        return seal_field(key, personal_name(event.tenant, event.id), event.personal.decode())

    async def _subject_key(self, tenant: UUID, subject: UUID, now: datetime) -> SecretKey:
        cached = self._subjects.cached(tenant, subject)
        if cached is not None:
            return cached
        assert self._pool is not None, "open() comes first"
        async with self._pool.acquire(timeout=10) as connection:
            return await self._subjects.ensure(connection, tenant, subject, now)

    @asynccontextmanager
    async def _transaction(self, tenants: Iterable[UUID]) -> AsyncIterator[asyncpg.Connection]:
        assert self._pool is not None, "open() comes first"
        async with self._pool.acquire(timeout=10) as connection, connection.transaction():
            await connection.execute(
                "SELECT set_config($1, $2, true)", TENANTS_SETTING, tenants_text(tenants)
            )
            yield connection


@asynccontextmanager
async def _evidence_or_nothing(*, only_outages: bool = False) -> AsyncIterator[None]:
    """Says `EvidenceUnavailable` of whatever Postgres refuses, or only of there being no Postgres."""
    refused = UNREACHABLE if only_outages else (asyncpg.PostgresError, *UNREACHABLE)
    try:
        yield
    except refused as exc:
        raise EvidenceUnavailable from exc


def personal_name(tenant: UUID, event_id: UUID) -> FieldName:
    """The place that an event's personal data is sealed for."""
    return FieldName("event_personal_data", "sealed", tenant, event_id)


def _address_name() -> FieldName:
    return FieldName("refusal_counts", "sealed_address", PLATFORM, PLATFORM)


def _folded(row: asyncpg.Record, key: SecretKey) -> Draft:
    change = {
        "operation": row["operation"],
        "reason": row["reason"],
        "minute": timestamp(row["minute"]),
        "count": row["count"],
    }
    try:
        personal = {"address": open_field(key, _address_name(), row["sealed_address"])}
    except FieldError:  # altered: the count is still evidence, and must not stand in the way of the others
        personal = {}
    return Draft("refusals.counted", "denied", change=change, personal=personal)


def _subject_of(event: Event) -> UUID:
    """Whose key seals the personal data: the actor's; the organization's own where nobody is known."""
    return event.principal.id if event.principal else event.tenant


def _values(event: Event) -> tuple[object, ...]:
    draft, principal, subject = event.draft, event.principal, event.draft.subject
    return (
        event.tenant,
        event.id,
        event.at,
        draft.type,
        draft.outcome,
        draft.reason,
        principal.id if principal else None,
        principal.organization if principal else None,
        principal.session if principal else None,
        subject.matter if subject else None,
        subject.document if subject else None,
        subject.kind if subject else None,
        subject.id if subject else None,
        event.request_id,
        event.body,
        event.sha256,
    )
