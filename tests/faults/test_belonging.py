"""Database and store that carry one mark: found out when one of them is older, and never by a crash."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from services.docs_api.sweep.belonging import Pair
from services.evidence.recorder import Recorder
from services.kernel.database import password_of
from services.kernel.settings import Settings
from services.keys.files import KeyDirectory, KeyFile
from services.storage.directory import DirectoryStore
from services.tables.roles import Role
from tests.harness.database import prepared_database
from tests.harness.folders import throwaway_folder

ALL = "SELECT * FROM store_marks"


class KilledError(Exception):
    """The process ends here."""


class Dying(DirectoryStore):
    """A folder whose process is killed before, or after, a mark was written to it."""

    def __init__(self, path: Path, *, written: bool) -> None:
        super().__init__(path)
        self._written = written

    async def set_mark(self, mark: str) -> None:
        if self._written:
            await super().set_mark(mark)
        raise KilledError


@dataclass(frozen=True)
class Place:
    settings: Settings
    superuser: str
    objects: Path

    @asynccontextmanager
    async def pair(self, store: DirectoryStore | None = None, owner: str = "one") -> AsyncIterator[Pair]:
        settings, role = self.settings, str(Role.SWEEPER)
        connection = await asyncpg.connect(
            host=settings.database_host,
            user=role,
            password=password_of(settings, role),
            database=settings.database_name,
        )
        subjects = KeyDirectory(settings.keys).secret(KeyFile.SUBJECTS)
        recorder = Recorder(settings, Role.SWEEPER, subjects, lambda: datetime.now(UTC))
        try:
            yield Pair(connection, store or DirectoryStore(self.objects), recorder, owner)
        finally:
            await connection.close()

    async def ask(self, statement: str, *values: object) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.superuser)
        try:
            found: list[asyncpg.Record] = await connection.fetch(statement, *values)
            return found
        finally:
            await connection.close()

    async def renew(self) -> str | None:
        async with self.pair() as pair:
            return await pair.renew()

    async def put_back(self, marks: list[asyncpg.Record]) -> None:
        """The table as it was."""
        await self.ask("DELETE FROM store_marks")
        for row in marks:
            places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
            await self.ask(f"INSERT INTO store_marks VALUES ({places})", *row.values())


@pytest.fixture(scope="module")
def database() -> Iterator[tuple[Any, Settings]]:
    with throwaway_folder() as folder, prepared_database(folder) as prepared:
        yield prepared


@pytest.fixture
async def place(database: tuple[Any, Settings], tmp_path: Path) -> Place:
    postgres, settings = database
    DirectoryStore(tmp_path / "objects").prepare()
    made = Place(settings, postgres.superuser_dsn("redwell"), tmp_path / "objects")
    await made.put_back([])
    return made


async def test_every_round_has_a_new_mark_which_both_carry(place: Place) -> None:
    first, second = await place.renew(), await place.renew()
    assert None not in {first, second}
    assert first != second
    (row,) = await place.ask(ALL)
    assert (row["current_mark"], row["pending_mark"], row["suspended_at"]) == (second, None, None)
    assert await DirectoryStore(place.objects).mark() == second


@pytest.mark.parametrize("written", [False, True])
@pytest.mark.parametrize("rounds", [0, 1])
async def test_a_crash_between_the_writes_is_no_alarm(place: Place, written: bool, rounds: int) -> None:  # noqa: FBT001
    for _ in range(rounds):
        assert await place.renew() is not None
    for _ in range(2):
        with pytest.raises(KilledError):
            async with place.pair(Dying(place.objects, written=written)) as pair:
                await pair.renew()
    assert await place.renew() is not None
    assert await place.renew() is not None


async def test_an_older_database_is_found_out_and_may_be_confirmed(place: Place) -> None:
    await place.renew()
    older = await place.ask(ALL)
    await place.renew()
    await place.put_back(older)
    counted = "SELECT count(*) FROM events WHERE type = 'store.sweep.suspended' AND reason = 'marks-differ'"
    (before,) = await place.ask(counted)
    assert await place.renew() is None
    assert await place.renew() is None
    (after,) = await place.ask(counted)
    assert after[0] == before[0] + 1  # told once
    assert (await place.ask(ALL))[0]["suspended_at"] is not None
    async with place.pair() as pair:
        await pair.confirm()
    assert (await place.ask(ALL))[0]["suspended_at"] is None
    current = await place.ask(ALL)
    assert await place.renew() is not None
    # The other database, should it still run, is now the one that is found out.
    await place.put_back(older)
    assert await place.renew() is None
    await place.put_back(current)
    assert await place.renew() is None


async def test_an_older_dump_of_the_same_mark_is_found_out_by_its_place(place: Place) -> None:
    await place.renew()
    await place.ask("UPDATE store_marks SET place = 'another/1'")
    async with place.pair() as pair:
        assert await pair.differ() == "database-moved"
        await pair.confirm()
        assert await pair.differ() is None


async def test_a_database_of_before_the_marks_is_found_out_too(place: Place) -> None:
    await place.renew()
    await place.put_back([])
    assert await place.renew() is None
    assert await place.renew() is None


async def test_an_older_or_another_store_is_found_out(place: Place, tmp_path: Path) -> None:
    await place.renew()
    older = (place.objects / "mark").read_bytes()
    newer = await place.renew()
    (place.objects / "mark").write_bytes(older)
    assert await place.renew() is None
    (place.objects / "mark").unlink()
    assert await place.renew() is None
    empty = DirectoryStore(tmp_path / "empty")
    empty.prepare()
    async with place.pair(empty) as pair:
        assert await pair.differ() == "marks-differ"
    async with place.pair(owner=str(uuid4())) as pair:
        assert await pair.differ() == "store-of-another"
    (place.objects / "mark").write_text(str(newer))
    assert await place.renew() is not None  # put right, it goes on by itself
