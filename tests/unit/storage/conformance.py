"""What every object store must do, whatever it is made of: subclass with a `store` fixture."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from services.storage.protocol import (
    MAX_OBJECT_BYTES,
    ObjectExistsError,
    ObjectMissingError,
    ObjectStore,
    StoreUnfitError,
    new_object_key,
)

OWNER_ID = "0192f0c1-0000-7000-8000-000000000000"
SIZES = [0, 1, 64 * 1024, 64 * 1024 + 1, 1024 * 1024 + 3]
NOT_KEYS = [
    "",
    "a",
    "A" * 32,
    "g" * 32,
    "a" * 31,
    "a" * 33,
    "../" + "a" * 29,
    "a" * 31 + "\n",
    "a" * 31 + "/",
]


async def keys_of(store: ObjectStore) -> set[str]:
    return {found.key async for found in store.list()}


class ObjectStoreConformance:
    @pytest.mark.parametrize("size", SIZES)
    async def test_object_comes_back_whole(self, store: ObjectStore, size: int) -> None:
        key, data = new_object_key(), bytes(range(256)) * (size // 256) + b"x" * (size % 256)
        await store.put(key, data)
        assert await store.get(key) == data
        assert await store.size(key) == size

    @pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
    async def test_any_bytes_are_stored(self, store: ObjectStore, kind: type) -> None:
        key = new_object_key()
        await store.put(key, kind(b"content"))
        assert await store.get(key) == b"content"

    async def test_key_is_used_once(self, store: ObjectStore) -> None:
        key = new_object_key()
        await store.put(key, b"first")
        with pytest.raises(ObjectExistsError):
            await store.put(key, b"second")
        assert await store.get(key) == b"first"

    async def test_missing_object_is_said_to_be_missing(self, store: ObjectStore) -> None:
        with pytest.raises(ObjectMissingError):
            await store.get(new_object_key())
        with pytest.raises(ObjectMissingError):
            await store.size(new_object_key())

    async def test_deleted_object_is_gone_and_deleting_again_is_no_error(self, store: ObjectStore) -> None:
        key, other = new_object_key(), new_object_key()
        await store.put(key, b"x")
        await store.put(other, b"y")
        await store.delete(key)
        await store.delete(key)
        with pytest.raises(ObjectMissingError):
            await store.get(key)
        assert await store.get(other) == b"y"

    async def test_list_names_every_object(self, store: ObjectStore) -> None:
        stored = {new_object_key(): bytes(number) for number in range(20)}
        await asyncio.gather(*(store.put(key, data) for key, data in stored.items()))
        found = [each async for each in store.list()]
        assert {each.key: each.size_bytes for each in found} == {
            key: len(data) for key, data in stored.items()
        }
        assert len(found) == len(stored)
        a_day = timedelta(days=1)
        now = datetime.now(UTC)
        assert all(now - a_day < each.modified_at < now + a_day for each in found)

    async def test_check_leaves_nothing(self, store: ObjectStore) -> None:
        await store.check()
        assert await keys_of(store) == set()

    async def test_store_has_one_owner(self, store: ObjectStore) -> None:
        await store.claim(OWNER_ID)
        await store.claim(OWNER_ID)
        with pytest.raises(StoreUnfitError, match="belongs to another Redwell"):
            await store.claim(OWNER_ID.replace("0192", "0193"))
        assert await keys_of(store) == set()

    async def test_owner_is_no_object(self, store: ObjectStore) -> None:
        await store.claim(OWNER_ID)
        key = new_object_key()
        await store.put(key, b"x")
        assert await keys_of(store) == {key}

    async def test_mark_is_the_last_one_set_and_no_object(self, store: ObjectStore) -> None:
        assert await store.mark() is None
        for mark in ("one", "one", "another"):
            await store.set_mark(mark)
            assert await store.mark() == mark
        assert await keys_of(store) == set()

    @pytest.mark.parametrize("key", NOT_KEYS)
    async def test_what_is_no_key_is_refused(self, store: ObjectStore, key: str) -> None:
        for attempt in (store.put(key, b""), store.get(key), store.delete(key)):
            with pytest.raises(ValueError, match="no object key"):
                await attempt

    async def test_object_is_bounded(self, store: ObjectStore) -> None:
        key = new_object_key()
        with pytest.raises(ValueError, match="16 MiB"):
            await store.put(key, bytes(MAX_OBJECT_BYTES + 1))
        with pytest.raises(ObjectMissingError):
            await store.get(key)
