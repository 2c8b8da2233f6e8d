"""The S3 store on a real server: what every store must do, and what only this one must."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.kernel.aws_credentials import Credentials
from services.storage.protocol import ObjectMissingError, StoreUnfitError, new_object_key
from services.storage.s3.fitness import require_fit
from services.storage.s3.options import S3Options
from services.storage.s3.store import S3Store
from tests.harness.seaweed import BUCKET, SeaweedFS
from tests.unit.storage.conformance import ObjectStoreConformance, keys_of


@pytest.fixture(params=["sha256", "read-back"])
def options(request: pytest.FixtureRequest, seaweed: SeaweedFS) -> S3Options:
    return seaweed.options(checksum=request.param)


@pytest.fixture
async def store(options: S3Options) -> AsyncIterator[S3Store]:
    store = S3Store(options)
    yield store
    await store.close()


class TestS3Store(ObjectStoreConformance):
    pass


async def test_bucket_is_fit_and_the_trial_leaves_nothing(store: S3Store) -> None:
    await require_fit(store)
    assert await keys_of(store) == set()


async def test_object_lies_under_its_prefix_in_two_levels(store: S3Store) -> None:
    key = new_object_key()
    await store.put(key, b"sealed")
    page = store.calls.list_objects_v2(Bucket=BUCKET, Prefix=store.options.prefix)
    assert [row["Key"] for row in page["Contents"]] == [f"{store.options.prefix}/{key[0]}/{key[1]}/{key}"]


async def test_list_goes_on_over_pages_and_passes_over_what_is_not_ours(seaweed: SeaweedFS) -> None:
    store = S3Store(seaweed.options(), listed_at_once=3)
    keys = {new_object_key() for _ in range(10)}
    for key in keys:
        await store.put(key, b"x")
    misplaced = new_object_key()
    for strange in ("readme.txt", f"0/{misplaced}", f"x/y/{misplaced}"):
        told = store.told(f"{store.options.prefix}/{strange}")
        store.calls.put_object(**told, Body=b"somebody's")
    assert await keys_of(store) == keys
    await store.close()


async def test_prefixes_of_one_bucket_know_nothing_of_each_other(seaweed: SeaweedFS) -> None:
    one, other = S3Store(seaweed.options()), S3Store(seaweed.options())
    key = new_object_key()
    await one.put(key, b"one's")
    with pytest.raises(ObjectMissingError):
        await other.get(key)
    assert await keys_of(other) == set()
    await other.claim("0192f0c1-0000-7000-8000-000000000001")
    await one.claim("0192f0c1-0000-7000-8000-000000000002")
    for store in (one, other):
        await store.close()


async def test_more_operations_at_once_than_connections(store: S3Store) -> None:
    keys = [new_object_key() for _ in range(40)]
    await asyncio.gather(*(store.put(key, key.encode()) for key in keys))
    got = await asyncio.gather(*(store.get(key) for key in keys * 2))
    assert got == [key.encode() for key in keys] * 2


class TestUnfit:
    async def refusal(self, options: S3Options) -> str:
        store = S3Store(options)
        with pytest.raises(StoreUnfitError) as refused:
            await require_fit(store)
        await store.close()
        return str(refused.value)

    async def test_bucket_that_is_not_there(self, seaweed: SeaweedFS) -> None:
        assert "There is no such bucket" in await self.refusal(seaweed.options(bucket="not-there"))

    async def test_wrong_credentials(self, seaweed: SeaweedFS) -> None:
        wrong = Credentials(seaweed.access_key_id, "0" * 40)
        sentence = await self.refusal(seaweed.options(credentials=wrong))
        assert "credentials do not open" in sentence
        assert "0000" not in sentence
