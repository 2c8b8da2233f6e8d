"""Used proofs in a real Postgres: two workers, and every proof good once."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from sqlalchemy import func, insert, select

from services.gateway.proof_memory import ProofMemory
from services.kernel.database import Database
from services.kernel.ids import PLATFORM
from services.kernel.problems import Unavailable
from services.kernel.settings import Settings
from services.keys.proofs import WINDOW, Proof
from services.tables.gateway import UsedProof
from services.tables.roles import Role
from tests.harness.database import prepared_database
from tests.harness.folders import throwaway_folder

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    with throwaway_folder() as folder, prepared_database(folder) as (_, made):
        yield made


@pytest_asyncio.fixture
async def workers(settings: Settings) -> AsyncIterator[tuple[Database, Database]]:
    pair = (Database(settings, Role.GATEWAY, 1), Database(settings, Role.GATEWAY, 1))
    yield pair
    for database in pair:
        await database.close()


def proof(name: str, ends: datetime = NOW + WINDOW) -> Proof:
    return Proof("key", hashlib.sha256(name.encode()).digest(), ends)


async def test_of_many_uses_on_two_workers_one_is_the_first(workers: tuple[Database, Database]) -> None:
    one, other = (ProofMemory(database) for database in workers)
    proofs = [proof(f"crossed {number}") for number in range(60)]
    uses = [memory.use(each, NOW) for each in proofs for memory in (one, other, one)]
    backwards = [other.use(each, NOW) for each in reversed(proofs)]
    answers = await asyncio.gather(*uses, *backwards)
    assert sum(answers) == len(proofs)
    for number in range(len(proofs)):
        assert sum((*answers[3 * number : 3 * number + 3], answers[-1 - number])) == 1


async def test_what_nobody_believes_any_more_is_forgotten(workers: tuple[Database, Database]) -> None:
    memory = ProofMemory(workers[0])
    assert await memory.use(proof("old"), NOW)
    later = NOW + timedelta(minutes=3)
    assert await memory.use(proof("new", later + WINDOW), later)
    async with workers[1].transaction([PLATFORM]) as session:
        ends = func.min(UsedProof.expires_at)
        assert await session.scalar(select(ends)) == later + WINDOW + timedelta(minutes=1)


async def test_a_flood_is_forgotten_as_fast_as_it_comes(workers: tuple[Database, Database]) -> None:
    memory = ProofMemory(workers[0])
    long_ago = NOW - timedelta(hours=1)
    async with workers[1].transaction([PLATFORM]) as session:
        digests = [hashlib.sha256(f"flood {number}".encode()).digest() for number in range(2500)]
        rows = [{"tenant_id": PLATFORM, "digest": each, "expires_at": long_ago} for each in digests]
        await session.execute(insert(UsedProof), rows)
    for number in range(3):
        assert await memory.use(proof(f"beside the flood {number}"), NOW)
    async with workers[1].transaction([PLATFORM]) as session:
        over = select(func.count()).where(UsedProof.expires_at < NOW)
        assert await session.scalar(over) == 0


async def test_without_a_database_nothing_is_used(settings: Settings) -> None:
    nowhere = Database(settings.model_copy(update={"database_host": "/nowhere"}), Role.GATEWAY, 1)
    with pytest.raises(Unavailable):
        await ProofMemory(nowhere).use(proof("unsent"), NOW)
    await nowhere.close()
