import asyncio
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.storage.directory import TEMPORARY, DirectoryStore
from services.storage.protocol import (
    MAX_OBJECT_BYTES,
    ObjectExistsError,
    ObjectMissingError,
    StoreUnavailableError,
    new_object_key,
)
from tests.unit.storage.conformance import ObjectStoreConformance, keys_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "a data folder" / "objects"


@pytest.fixture
def store(folder: Path) -> DirectoryStore:
    store = DirectoryStore(folder)
    store.prepare()
    return store


def place(folder: Path, key: str) -> Path:
    return folder / key[0] / key[1] / key


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


class TestDirectoryStore(ObjectStoreConformance):
    pass


async def test_object_lies_under_its_key_for_the_owner_only(store: DirectoryStore, folder: Path) -> None:
    key = new_object_key()
    await store.put(key, b"sealed")
    assert files_in(folder) == [place(folder, key)]
    assert mode_of(place(folder, key)) == 0o600
    assert mode_of(place(folder, key).parent) == mode_of(folder) == 0o700


async def test_one_of_many_writers_of_a_key_wins(store: DirectoryStore, folder: Path) -> None:
    key = new_object_key()
    attempts = (store.put(key, bytes([number]) * 1000) for number in range(8))
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes].count(ObjectExistsError) == 7
    assert len(set(await store.get(key))) == 1
    assert files_in(folder) == [place(folder, key)]


def take_away(folder: Path) -> None:
    folder.rename(folder.with_name("gone"))


class TestFaults:
    @contextmanager
    def failing(self, monkeypatch: pytest.MonkeyPatch, name: str, error: OSError) -> Iterator[None]:
        def fail(*_args: object, **_kwargs: object) -> None:
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(os, name, fail)
            yield

    @pytest.mark.parametrize("name", ["fsync", "write", "link", "open"])
    async def test_failed_write_leaves_nothing(
        self, store: DirectoryStore, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        key = new_object_key()
        with (
            self.failing(monkeypatch, name, OSError(28, "No space left on device")),
            pytest.raises(StoreUnavailableError, match="No space left"),
        ):
            await store.put(key, b"content")
        assert files_in(folder) == []
        await store.put(key, b"content")
        assert await store.get(key) == b"content"

    async def test_short_writes_are_continued(
        self, store: DirectoryStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write = os.write
        monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, bytes(data[:7])))
        key, data = new_object_key(), bytes(range(256))
        await store.put(key, data)
        assert await store.get(key) == data

    async def test_file_is_synced_before_it_has_its_name_and_the_folder_after(
        self, store: DirectoryStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        steps: list[str] = []
        fsync, link = os.fsync, os.link

        def record_fsync(descriptor: int) -> None:
            steps.append("folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "file")  # noqa: PTH112
            fsync(descriptor)

        def record_link(source: Path, target: Path) -> None:
            steps.append("link")
            link(source, target)

        monkeypatch.setattr(os, "fsync", record_fsync)
        monkeypatch.setattr(os, "link", record_link)
        await store.put(new_object_key(), b"content")
        assert steps == ["file", "link", "folder"]

    async def test_read_error_is_not_a_missing_object(
        self, store: DirectoryStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        key = new_object_key()
        await store.put(key, b"content")
        with (
            self.failing(monkeypatch, "open", OSError(5, "Input/output error")),
            pytest.raises(StoreUnavailableError),
        ):
            await store.get(key)

    async def test_disk_that_is_not_there_is_not_a_missing_object(
        self, store: DirectoryStore, folder: Path
    ) -> None:
        take_away(folder)
        with pytest.raises(StoreUnavailableError):
            await store.get(new_object_key())
        with pytest.raises(StoreUnavailableError):
            await store.put(new_object_key(), b"")
        with pytest.raises(StoreUnavailableError):
            await store.check()
        with pytest.raises(StoreUnavailableError):
            await keys_of(store)

    async def test_object_that_has_grown_is_read_no_further_than_the_bound(
        self, store: DirectoryStore, folder: Path
    ) -> None:
        key = new_object_key()
        await store.put(key, b"content")
        os.truncate(place(folder, key), MAX_OBJECT_BYTES * 100)
        assert len(await store.get(key)) == MAX_OBJECT_BYTES + 1

    async def test_link_in_the_place_of_an_object_is_not_followed(
        self, store: DirectoryStore, folder: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "secret").write_text("secret")
        key = new_object_key()
        place(folder, key).symlink_to(tmp_path / "secret")
        with pytest.raises(ObjectMissingError):
            await store.get(key)


class TestPrepare:
    async def test_is_harmless_when_repeated(self, store: DirectoryStore) -> None:
        key = new_object_key()
        await store.put(key, b"content")
        assert store.prepare() == 0
        assert await keys_of(store) == {key}

    async def test_sweeps_what_a_dead_writer_left(self, store: DirectoryStore, folder: Path) -> None:
        stale = folder / "a" / "b" / f"{TEMPORARY}0123456789abcdef"
        stale.write_bytes(b"half an obj")
        assert await keys_of(store) == set()
        assert store.prepare() == 1
        assert not stale.exists()

    def test_leaves_what_a_living_writer_holds(self, store: DirectoryStore, folder: Path) -> None:
        held = folder / "a" / "b" / f"{TEMPORARY}0123456789abcdef"
        with held.open("wb") as opened:
            fcntl.flock(opened, fcntl.LOCK_EX)
            assert store.prepare() == 0
        assert held.exists()

    def test_folder_that_cannot_be_made_is_said(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(StoreUnavailableError):
            DirectoryStore(tmp_path / "file" / "objects").prepare()


async def test_object_deleted_while_listing_does_not_stop_the_list(store: DirectoryStore) -> None:
    keys = [new_object_key() for _ in range(10)]
    for key in keys:
        await store.put(key, b"")
    seen = set()
    async for found in store.list():
        seen.add(found.key)
        for key in keys:
            await store.delete(key)
    assert seen <= set(keys)


async def test_missing_object_is_missing_though_its_folder_is_there(store: DirectoryStore) -> None:
    with pytest.raises(ObjectMissingError):
        await store.get("ab" * 16)
