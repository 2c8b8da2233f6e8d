"""Two sequencers on one database, cut off at any moment: nothing lost, nothing twice, no gap, no fork."""

import asyncio
import hashlib
import random
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.audit.ledger import queries
from services.audit.ledger.sequencer import Sequencer, _connect
from services.audit.ledger.steps import open_ledger
from services.audit.log.bundle import BundleSource
from services.audit.log.queries import last_checkpoint
from services.audit.log.schemas import LogFilter
from services.audit.offline import merkle, note
from services.audit.offline.leaves import EventLeaf, parse_leaf
from services.audit.offline.report import Report, Scope
from services.audit.offline.verify import verify_bundle
from services.evidence.event import Draft, Subject
from services.evidence.recorder import Recorder
from services.evidence.subjects import SubjectKeys
from services.kernel.clock import system_clock
from services.kernel.database import Database, password_of, tenants_text
from services.kernel.ids import PLATFORM
from services.kernel.principal import Admission
from services.kernel.settings import Settings
from services.keys.files import KeyDirectory, KeyFile
from services.tables.roles import Role

Postgres = tuple[Settings, str]
TRANSACTIONS = 400
WRITERS = 4


@dataclass
class Ground:
    settings: Settings
    superuser: asyncpg.Connection

    def __post_init__(self) -> None:
        keys = KeyDirectory(self.settings.keys)
        self.master = keys.secret(KeyFile.SUBJECTS)
        self.ledger = open_ledger(self.settings, keys.log_key())
        self.pin = note.fingerprint(self.ledger.key.public_bytes)

    @asynccontextmanager
    async def recorder(self, role: Role) -> AsyncIterator[Recorder]:
        recorder = Recorder(self.settings, role, self.master, system_clock)
        await recorder.open()
        try:
            yield recorder
        finally:
            await recorder.close()

    @asynccontextmanager
    async def connection(self, role: Role) -> AsyncIterator[asyncpg.Connection]:
        connection = await asyncpg.connect(
            host=self.settings.database_host,
            database=self.settings.database_name,
            user=str(role),
            password=password_of(self.settings, role),
        )
        try:
            yield connection
        finally:
            await connection.close()

    async def settle(self, sequencer: Sequencer) -> None:
        """Rounds until nothing waits and everything is signed."""
        connection = await _connect(self.settings)
        try:
            while True:
                await sequencer.round(connection)
                tomorrow = system_clock() + timedelta(days=1)
                queued = await queries.queued_tenants(connection)
                if not queued and not await queries.grown_trees(connection, tomorrow, tomorrow):
                    return
        finally:
            await connection.close()

    async def bundle(self, tenant: UUID, wanted: LogFilter, earlier: list[bytes]) -> Report:
        database = Database(self.settings, Role.AUDIT, 1)
        try:
            async with database.transaction([tenant]) as session:
                head = await last_checkpoint(session, tenant)
            assert head is not None
            subjects = SubjectKeys(self.master)
            source = BundleSource(database, subjects, self.ledger.key.public_bytes, tenant, head, wanted)
            with tempfile.NamedTemporaryFile() as file:
                await source.pack(file, system_clock())
                file.flush()
                return await asyncio.to_thread(
                    verify_bundle, Path(file.name), self.pin, origin=head.origin, earlier=earlier
                )
        finally:
            await database.close()


@pytest.fixture
async def ground(ledger_postgres: Postgres) -> AsyncIterator[Ground]:
    settings, superuser_dsn = ledger_postgres
    superuser = await asyncpg.connect(superuser_dsn)
    try:
        yield Ground(settings, superuser)
    finally:
        await superuser.close()


def admission(operation: str = "documents.fetch", address: str = "192.0.2.7") -> Admission:
    return Admission(operation, "GET", "/v1/x", uuid4(), address, "tests/1", None)


async def write(ground: Ground, tenants: list[UUID], matters: list[UUID], seed: int) -> dict[UUID, list[str]]:
    """Transactions of one to six events, some rolled back; returns the digests that were committed."""
    choice = random.Random(seed)  # noqa: S311 -- a schedule, not a secret
    committed: dict[UUID, list[str]] = {tenant: [] for tenant in tenants}
    async with ground.recorder(Role.DOCS) as recorder, ground.connection(Role.DOCS) as connection:
        for _ in range(TRANSACTIONS):
            tenant = choice.choice(tenants)
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute("SELECT set_config('redwell.tenants', $1, true)", tenants_text([tenant]))
            digests = []
            for _ in range(choice.randint(1, 6)):
                subject = Subject("document", uuid4(), choice.choice([None, *matters]))
                event = await recorder.append(
                    connection, tenant, Draft("document.fetched", subject=subject), admission()
                )
                digests.append(event.sha256.hex())
            if choice.random() < 0.1:
                await transaction.rollback()
            else:
                await transaction.commit()
                committed[tenant] += digests
    return committed


async def cut_off(ground: Ground, until: asyncio.Event) -> int:
    """Terminates sequencers' connections again and again, wherever they are; returns how many."""
    cut = 0
    while not until.is_set():
        cut += await ground.superuser.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE usename = $1 AND state <> 'idle' AND pg_sleep(0.05) IS NOT NULL",
            Role.SEQUENCER,
        )
    return cut


async def test_two_sequencers_keep_every_event_once_in_one_order(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.audit.ledger.sequencer.RETRY_SECONDS", 0.01)
    monkeypatch.setattr("services.audit.ledger.sequencer.POLL_SECONDS", 0.01)
    tenants, matters = [uuid4() for _ in range(3)], [uuid4() for _ in range(130)]
    async with AsyncExitStack() as stack:
        pair = [
            Sequencer(
                ground.settings, ground.ledger, await stack.enter_async_context(ground.recorder(Role.AUDIT))
            )
            for _ in range(2)
        ]
        for sequencer in pair:
            sequencer.start()
        written = asyncio.Event()
        cutting = asyncio.create_task(cut_off(ground, written))
        parts = await asyncio.gather(*(write(ground, tenants, matters, seed) for seed in range(WRITERS)))
        written.set()
        assert await cutting > 0
        async with asyncio.timeout(60):
            # Left alone again, both get through a round.
            while any(each.complaint() for each in pair):  # noqa: ASYNC110 -- the product has no event for it
                await asyncio.sleep(0)
        for sequencer in pair:
            await sequencer.stop()
        await ground.settle(pair[0])
        # One more, so that every log has an earlier checkpoint to agree with.
        recorder = await stack.enter_async_context(ground.recorder(Role.DOCS))
        last = [
            await recorder.append_alone(tenant, Draft("document.fetched"), admission()) for tenant in tenants
        ]
        await ground.settle(pair[0])
    for tenant, event in zip(tenants, last, strict=True):
        digests = [digest for part in parts for digest in part[tenant]]
        await check_tree(ground, tenant, [*digests, event.sha256.hex()], matters[0])


async def check_tree(ground: Ground, tenant: UUID, committed: list[str], matter: UUID) -> None:
    bodies = [
        row["body"]
        for row in await ground.superuser.fetch(
            "SELECT body FROM leaves WHERE tenant_id = $1 ORDER BY idx", tenant
        )
    ]
    leaves = [parse_leaf(body) for body in bodies]
    assert [leaf.idx for leaf in leaves] == list(range(len(leaves)))
    digests = [leaf.event_sha256 for leaf in leaves if isinstance(leaf, EventLeaf)]
    assert len(digests) > 500
    assert sorted(digests) == sorted(committed)
    checkpoints = await ground.superuser.fetch(
        "SELECT size, root, note FROM checkpoints WHERE tenant_id = $1 ORDER BY size", tenant
    )
    hashes = [merkle.leaf_hash(body) for body in bodies]
    assert [row["root"] for row in checkpoints] == [merkle.root(hashes[: row["size"]]) for row in checkpoints]
    assert checkpoints[-1]["size"] == len(leaves)
    earlier = [row["note"].encode() for row in checkpoints]
    assert len(earlier) > 1
    whole = await ground.bundle(tenant, LogFilter(), earlier)
    assert (whole.pinned, whole.scope, whole.events) == (True, Scope.EVERYTHING, len(committed))
    assert (whole.disclosed, whole.erased, whole.withheld) == (2 * len(committed), 0, 0)
    one = await ground.bundle(tenant, LogFilter(matter=matter), earlier)
    assert one.scope is Scope.MATTER
    assert one.events == sum(isinstance(leaf, EventLeaf) and leaf.matter == str(matter) for leaf in leaves)


async def test_a_quiet_log_is_not_signed_again(ground: Ground) -> None:
    tenant = uuid4()
    async with ground.recorder(Role.AUDIT) as recorder:
        sequencer = Sequencer(ground.settings, ground.ledger, recorder)
        await recorder.append_alone(tenant, Draft("session.started"), None)
        await ground.settle(sequencer)
        await ground.settle(sequencer)
    sizes = await ground.superuser.fetch("SELECT size FROM checkpoints WHERE tenant_id = $1", tenant)
    assert [row["size"] for row in sizes] == [1]


async def test_an_erased_person_is_reported_as_erased(ground: Ground) -> None:
    tenant = uuid4()
    async with ground.recorder(Role.AUDIT) as recorder:
        await recorder.append_alone(tenant, Draft("session.started"), admission())
        await ground.settle(Sequencer(ground.settings, ground.ledger, recorder))
    await ground.superuser.execute("DELETE FROM subject_keys WHERE tenant_id = $1", tenant)
    report = await ground.bundle(tenant, LogFilter(), [])
    assert (report.disclosed, report.erased) == (0, 2)


async def test_a_damaged_tree_is_left_alone_and_holds_up_no_other(ground: Ground) -> None:
    damaged, sound = sorted((uuid4(), uuid4()))
    async with ground.recorder(Role.AUDIT) as recorder:
        sequencer = Sequencer(ground.settings, ground.ledger, recorder)
        await recorder.append_alone(damaged, Draft("session.started"), None)
        await ground.settle(sequencer)
        await ground.superuser.execute("UPDATE trees SET size = size + 1 WHERE tenant_id = $1", damaged)
        before = sequencer.progress
        for tenant in (damaged, sound):
            await recorder.append_alone(tenant, Draft("session.ended"), None)
        async with ground.connection(Role.SEQUENCER) as connection:
            sequencer._next_slow_round = 0
            await sequencer.round(connection)
        assert sequencer.progress == before
        assert await ground.superuser.fetchval("SELECT size FROM trees WHERE tenant_id = $1", sound) == 1
        await ground.superuser.execute("UPDATE trees SET size = size - 1 WHERE tenant_id = $1", damaged)
        await ground.settle(sequencer)
    assert (await ground.bundle(damaged, LogFilter(), [])).events == 2


async def test_counted_refusals_become_one_event_each_with_exact_counts(ground: Ground) -> None:
    now = system_clock()
    async with AsyncExitStack() as stack:
        recorders = [await stack.enter_async_context(ground.recorder(Role.AUDIT)) for _ in range(2)]
        for recorder in recorders:
            recorder.clock = lambda: now
        for address, times in (("192.0.2.1", 3), ("192.0.2.2", 2)):
            for _ in range(times):
                await recorders[0].count_refusal(admission("sign_in.password", address), "unauthorized")
        assert await fold_together(ground, recorders) == [0, 0]
        for recorder in recorders:
            recorder.clock = lambda: now + timedelta(seconds=66)
        assert sum(await fold_together(ground, recorders)) == 2
        await ground.settle(Sequencer(ground.settings, ground.ledger, recorders[0]))
    rows = await ground.superuser.fetch("SELECT body FROM events WHERE type = 'refusals.counted'")
    assert {part for row in rows for part in (b'"count":3', b'"count":2') if part in row["body"]} == {
        b'"count":3',
        b'"count":2',
    }
    assert len(rows) == 2
    assert await ground.superuser.fetchval("SELECT count(*) FROM refusal_counts") == 0
    assert (await ground.bundle(PLATFORM, LogFilter(type="refusals.counted"), [])).disclosed == 2
    assert not any(hashlib.sha256(b"192.0.2.1").hexdigest().encode() in row["body"] for row in rows)


async def fold_together(ground: Ground, recorders: list[Recorder]) -> list[int]:
    async def fold(recorder: Recorder) -> int:
        async with ground.connection(Role.SEQUENCER) as connection, connection.transaction():
            return await recorder.fold_refusals(connection)

    return await asyncio.gather(*(fold(recorder) for recorder in recorders))
