"""The teller against a real Postgres, as its own role, with logs written by hand."""

import hashlib
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.auth.identity import IdentityKeys
from services.auth.mail.letters import Letter
from services.auth.notices.teller import Teller
from services.auth.notices.wording import OF_ACCOUNTS
from services.evidence.recorder import Recorder
from services.host.postgres import EmbeddedPostgres
from services.kernel.clock import system_clock
from services.kernel.database import password_of
from services.kernel.settings import Settings
from services.keys.files import NamedKey
from services.keys.wrapping import KeyName, new_key
from services.tables.roles import Role
from tests.harness.database import prepared_database
from tests.harness.folders import throwaway_folder

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
KEYS = IdentityKeys(new_key())
URL = "https://files.example.com"
_PAST = """
WITH past AS (
    INSERT INTO events (tenant_id, id, at, type, outcome, body, sha256)
    SELECT $1, gen_random_uuid(), $2, 'document.fetched', 'allowed', '', sha256('')
    FROM generate_series($3::int, $4)
    RETURNING id
)
INSERT INTO leaves (tenant_id, idx, event_id, body) SELECT $1, $3 - 1 + row_number() OVER (), id, '' FROM past
"""


@pytest.fixture(scope="module")
def database() -> Iterator[tuple[EmbeddedPostgres, Settings]]:
    with throwaway_folder() as folder, prepared_database(folder) as prepared:
        yield prepared


class Desk:
    """A teller, and a superuser who writes the rows that it reads; references are not checked for them."""

    def __init__(self, owner: asyncpg.Connection, courier: asyncpg.Connection, recorder: Recorder) -> None:
        self.owner, self.courier, self.recorder = owner, courier, recorder
        self.tenant = uuid4()
        self.size = 0

    async def add(self, table: str, **values: Any) -> UUID:
        values = {"tenant_id": self.tenant, "id": uuid4(), **values}
        places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
        await self.owner.execute(
            f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})",
            *values.values(),
        )
        made: UUID = values["id"]
        return made

    async def member(self, state: str = "active") -> UUID:
        member = uuid4()
        sealed = KEYS.seal_email(self.tenant, member, f"{member}@example.com")
        texts = {"email_index": member.bytes, "email_sealed": sealed, "name_sealed": b"", "password_hash": ""}
        return await self.add("members", id=member, state=state, created_at=NOW, **texts)

    async def event(self, kind: str, about: UUID, at: datetime = NOW, outcome: str = "allowed") -> None:
        """An event with its leaf."""
        digest = {"body": b"{}", "sha256": hashlib.sha256(b"{}").digest()}
        event = await self.add("events", at=at, type=kind, outcome=outcome, object_id=about, **digest)
        if self.size == 0:
            await self.owner.execute(
                "INSERT INTO trees VALUES ($1, $2, $3, 0, '', $4)", self.tenant, uuid4(), str(uuid4()), NOW
            )
        await self.owner.execute(
            "INSERT INTO leaves (tenant_id, idx, event_id, body) VALUES ($1, $2, $3, '')",
            self.tenant,
            self.size,
            event,
        )
        self.size += 1
        await self.owner.execute("UPDATE trees SET size = $2 WHERE tenant_id = $1", self.tenant, self.size)

    async def past(self, count: int) -> None:
        """So many events that nobody is told of, with their leaves."""
        await self.event("document.fetched", uuid4())
        await self.owner.execute(_PAST, self.tenant, NOW, self.size, self.size + count - 1)
        self.size += count
        await self.owner.execute("UPDATE trees SET size = $2 WHERE tenant_id = $1", self.tenant, self.size)

    async def events_read(self) -> int:
        """How many rows of events Postgres has read so far."""
        for connection in (self.courier, self.owner):
            await connection.execute("SELECT pg_stat_force_next_flush()")
        await self.owner.execute("SELECT pg_stat_clear_snapshot()")
        read: int = await self.owner.fetchval(
            "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables WHERE relname = 'events'"
        )
        return read

    async def grant(self, member: UUID | None, ends_at: datetime, created_at: datetime, **more: Any) -> UUID:
        engagement = await self.add(
            "engagements",
            provider_id=self.tenant,
            services=["review"],
            starts_at=created_at,
            state=more.pop("engagement", "active"),
            created_at=created_at,
            created_by=uuid4(),
            countries=[],
            consent_required=False,
            revision=1,
        )
        terms = {"classes": ["x"], "permissions": ["read"], "starts_at": created_at, "purpose_sealed": b""}
        ids = {"matter_id": uuid4(), "engagement_id": engagement, "provider_id": self.tenant}
        times = {"ends_at": ends_at, "created_at": created_at, "created_by": uuid4()}
        return await self.add("grants", member_id=member, **terms, **ids, **times, **more)

    async def told(self, now: datetime = NOW) -> list[tuple[str, str]]:
        """What a round writes: kind and address, whole letters opened."""
        await Teller(KEYS, self.recorder, URL).round(self.courier, now)
        rows = await self.owner.fetch(
            "DELETE FROM outbox WHERE tenant_id = $1 RETURNING id, kind, letter_sealed", self.tenant
        )
        letters = {row["id"]: KEYS.open_letter(self.tenant, row["id"], row["letter_sealed"]) for row in rows}
        return sorted((row["kind"], Letter.from_json(letters[row["id"]]).to) for row in rows)


@pytest.fixture
async def desk(database: tuple[EmbeddedPostgres, Settings]) -> AsyncIterator[Desk]:
    postgres, settings = database
    owner = await asyncpg.connect(postgres.superuser_dsn("redwell"))
    await owner.execute("SET session_replication_role = replica")
    role = str(Role.COURIER)
    courier = await asyncpg.connect(postgres.dsn("redwell", role, password_of(settings, role)))
    try:
        master = NamedKey(KeyName("root", None, uuid4()), new_key())
        yield Desk(owner, courier, Recorder(settings, role, master, system_clock))
    finally:
        await owner.close()
        await courier.close()


@pytest.mark.parametrize("kind", OF_ACCOUNTS)
async def test_whose_account_changes_is_told_once(desk: Desk, kind: str) -> None:
    member = await desk.member("suspended" if kind == "member.suspended" else "active")
    await desk.event(kind, member)
    assert await desk.told() == [(kind, f"{member}@example.com")]
    assert await desk.told() == []


async def test_each_event_is_told_and_a_denied_one_is_not(desk: Desk) -> None:
    member = await desk.member()
    await desk.event("member.password.changed", member, outcome="denied")
    await desk.event("member.self.read", member)
    assert await desk.told() == []
    for _ in range(2):
        await desk.event("member.password.changed", member)
    assert len(await desk.told()) == 2


async def test_only_what_is_new_is_read(desk: Desk) -> None:
    """However long the log: also with the plans that were made while it was short."""
    member = await desk.member()
    for _ in range(8):
        await desk.event("document.fetched", member)
        assert await desk.told() == []
    await desk.past(5000)
    for _ in range(6):
        await desk.told()
    before = await desk.events_read()
    await desk.event("member.password.changed", member)
    assert await desk.told() == [("member.password.changed", f"{member}@example.com")]
    assert 1 <= await desk.events_read() - before <= 10


async def test_what_lies_two_days_back_is_no_news(desk: Desk) -> None:
    member = await desk.member()
    await desk.event("member.password.changed", member, NOW - timedelta(hours=49))
    await desk.event("member.roles.changed", member, NOW - timedelta(hours=47))
    assert await desk.told() == [("member.roles.changed", f"{member}@example.com")]


async def test_whoever_is_in_a_team_holds_its_grant(desk: Desk) -> None:
    team, times = uuid4(), {"created_at": NOW, "created_by": uuid4()}
    within, without = await desk.member(), await desk.member()
    await desk.add("teams", id=team, name_sealed=b"", name_index=b"", state="active", revision=1, **times)
    await desk.owner.execute(
        "INSERT INTO team_members VALUES ($1, $2, $3, $4, $3)", desk.tenant, team, within, NOW
    )
    grant = await desk.grant(None, NOW + timedelta(hours=40), NOW - timedelta(days=30), team_id=team)
    await desk.event("grant.given", grant)
    told = await desk.told()
    assert told == [(kind, f"{within}@example.com") for kind in ("grant.ending", "grant.given")]
    await desk.owner.execute("UPDATE teams SET state = 'closed', closed_at = $1 WHERE id = $2", NOW, team)
    await desk.event("grant.revoked", grant)
    assert await desk.told() == []
    assert f"{without}@example.com" not in dict(told).values()


async def test_administrators_are_told_of_who_has_no_sponsor(desk: Desk) -> None:
    people = [await desk.member() for _ in range(2)] + [await desk.member("suspended")]
    for person, role in zip(people, ("provider_admin", "paralegal", "provider_admin"), strict=True):
        await desk.owner.execute("INSERT INTO member_roles VALUES ($1, $2, $3)", desk.tenant, person, role)
    await desk.event("member.sponsor.left", people[1])
    assert await desk.told() == [("member.sponsor.left", f"{people[0]}@example.com")]


async def test_more_than_a_round_s_worth_is_told_in_several(desk: Desk) -> None:
    member = await desk.member()
    for _ in range(1001):
        await desk.event("member.self.read", member)
    await desk.event("member.password.changed", member)
    assert await desk.told() == []
    assert len(await desk.told()) == 1


async def test_a_grant_that_ends_within_two_days_is_told_once(desk: Desk) -> None:
    member = await desk.member()
    grant = await desk.grant(member, NOW + timedelta(hours=72), NOW - timedelta(days=1))
    assert await desk.told() == []
    soon = NOW + timedelta(hours=25)
    assert await desk.told(soon) == [("grant.ending", f"{member}@example.com")]
    assert await desk.told(soon + timedelta(hours=1)) == []
    recorded = await desk.owner.fetch(
        "SELECT object_id, outcome FROM events WHERE tenant_id = $1 AND type = 'grant.ending'", desk.tenant
    )
    assert [tuple(event) for event in recorded] == [(grant, "info")]


@pytest.mark.parametrize(
    "case",
    [
        {"revoked_at": NOW},
        {"engagement": "ended"},
        {"created_at": NOW - timedelta(hours=1)},
        {"ends_at": NOW - timedelta(seconds=1)},
        {"member": "removed"},
    ],
)
async def test_an_end_that_matters_no_more_is_not_told(desk: Desk, case: dict[str, Any]) -> None:
    member = await desk.member(case.pop("member", "active"))
    times = {"ends_at": NOW + timedelta(hours=24), "created_at": NOW - timedelta(days=9)}
    await desk.grant(member, **{**times, **case})
    assert await desk.told() == []
