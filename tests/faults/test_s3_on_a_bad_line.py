"""The S3 store, with a proxy between it and a real server that breaks one thing at a time."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from services.storage.protocol import (
    ObjectMissingError,
    StoreError,
    StoreUnavailableError,
    StoreUnfitError,
    new_object_key,
)
from services.storage.s3.errors import TransientError
from services.storage.s3.fitness import require_fit
from services.storage.s3.options import Limits
from services.storage.s3.store import S3Store
from tests.harness.seaweed import SeaweedFS
from tests.harness.store_proxy import (
    Answer,
    Fault,
    StoreProxy,
    answer_altered,
    answer_cut,
    answer_lost,
    answer_trickling,
    answered_as_before,
    body_altered,
    refused_with,
    reset,
    stalled,
    with_headers,
)
from tests.unit.storage.conformance import keys_of

DATA = bytes(range(256)) * 16
IMPATIENT = Limits(connect_seconds=5, stall_seconds=1, operation_seconds=10, attempts=2, connections=4)
PASSING = {
    "500": refused_with(500, "InternalError"),
    "503": refused_with(503, "SlowDown"),
    "429": refused_with(429, "TooManyRequests"),
    "reset": reset,
    "stall": stalled,
    "lost": answer_lost,
}


@pytest.fixture
async def store(seaweed: SeaweedFS, proxy: StoreProxy) -> AsyncIterator[S3Store]:
    store = S3Store(seaweed.options(proxy.endpoint, limits=IMPATIENT))
    yield store
    proxy.mend()
    await store.close()


@pytest.fixture(params=["sha256", "read-back"])
async def either(
    request: pytest.FixtureRequest, seaweed: SeaweedFS, proxy: StoreProxy
) -> AsyncIterator[S3Store]:
    """With each way to be sure."""
    store = S3Store(seaweed.options(proxy.endpoint, limits=IMPATIENT, checksum=request.param))
    yield store
    proxy.mend()
    await store.close()


async def stored(store: S3Store) -> str:
    key = new_object_key()
    await store.put(key, DATA)
    return key


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
class TestPassing:
    @pytest.mark.parametrize("method", ["HEAD", "PUT"])
    async def test_put_goes_on_after_one(
        self, store: S3Store, proxy: StoreProxy, fault: Fault, method: str
    ) -> None:
        proxy.on(method, fault, times=1)
        key = await stored(store)
        assert await store.get(key) == DATA

    async def test_get_goes_on_after_one(self, store: S3Store, proxy: StoreProxy, fault: Fault) -> None:
        key = await stored(store)
        proxy.on("GET", fault, times=1)
        assert await store.get(key) == DATA

    async def test_list_and_delete_go_on_after_one(
        self, store: S3Store, proxy: StoreProxy, fault: Fault
    ) -> None:
        key = await stored(store)
        proxy.on("GET", fault, times=1)
        assert await keys_of(store) == {key}
        proxy.on("DELETE", fault, times=1)
        await store.delete(key)
        assert await keys_of(store) == set()


@pytest.mark.parametrize("fault", [*PASSING.values(), refused_with(403, "AccessDenied")])
async def test_what_does_not_pass_makes_the_store_unavailable(
    store: S3Store, proxy: StoreProxy, fault: Fault
) -> None:
    key = await stored(store)
    for method in ("HEAD", "PUT", "GET", "DELETE"):
        proxy.on(method, fault)
    attempts = (
        store.put(new_object_key(), DATA),
        store.get(key),
        keys_of(store),
        store.delete(key),
        store.check(),
    )
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} <= {StoreUnavailableError, TransientError}


async def test_refusal_that_will_not_pass_is_not_asked_again(store: S3Store, proxy: StoreProxy) -> None:
    proxy.on("HEAD", refused_with(403, "AccessDenied"))
    with pytest.raises(StoreUnavailableError, match="403"):
        await store.put(new_object_key(), DATA)
    assert proxy.count("HEAD") == 1


class TestBodyAlteredOnItsWay:
    async def test_is_sent_again(self, either: S3Store, proxy: StoreProxy) -> None:
        proxy.on("PUT", body_altered, times=1)
        key = await stored(either)
        assert proxy.count("PUT") == 2
        assert await either.get(key) == DATA

    async def test_is_never_acknowledged(self, either: S3Store, proxy: StoreProxy) -> None:
        proxy.on("PUT", body_altered)
        with pytest.raises(StoreUnavailableError):
            await either.put(new_object_key(), DATA)


async def test_put_that_nothing_confirms_is_not_acknowledged(store: S3Store, proxy: StoreProxy) -> None:
    proxy.on("PUT", with_headers(x_amz_checksum_sha256=""))
    with pytest.raises(StoreUnavailableError, match="did not confirm"):
        await store.put(new_object_key(), DATA)


async def test_put_that_reads_otherwise_is_not_acknowledged(store: S3Store, proxy: StoreProxy) -> None:
    reading_back = S3Store(replace(store.options, checksum="read-back"))
    proxy.on("GET", answer_altered)
    with pytest.raises(StoreUnavailableError):
        await reading_back.put(new_object_key(), DATA)
    await reading_back.close()


class TestWrongBytes:
    async def test_once_is_read_again(self, store: S3Store, proxy: StoreProxy) -> None:
        key = await stored(store)
        proxy.on("GET", answer_altered, times=1)
        assert await store.get(key) == DATA

    async def test_always_are_handed_over_for_the_seal_to_judge(
        self, store: S3Store, proxy: StoreProxy
    ) -> None:
        key = await stored(store)
        proxy.on("GET", answer_altered)
        got = await store.get(key)
        assert len(got) == len(DATA)
        assert got != DATA

    async def test_cut_short_is_not_an_object(self, store: S3Store, proxy: StoreProxy) -> None:
        key = await stored(store)
        proxy.on("GET", answer_cut)
        with pytest.raises(StoreUnavailableError):
            await store.get(key)


async def test_answer_that_trickles_ends_by_time(store: S3Store, proxy: StoreProxy) -> None:
    key = await stored(store)
    limits = replace(IMPATIENT, operation_seconds=2)
    hurried = S3Store(replace(store.options, limits=limits))
    proxy.on("GET", answer_trickling)
    with pytest.raises(StoreUnavailableError):
        await hurried.get(key)
    proxy.mend()
    await hurried.close()


async def test_only_the_server_itself_can_say_that_an_object_is_missing(
    store: S3Store, proxy: StoreProxy
) -> None:
    proxy.on("GET", refused_with(404, "NotFound"), times=1)
    with pytest.raises(StoreUnavailableError):
        await store.get(new_object_key())
    proxy.on("GET", refused_with(404, "NoSuchBucket"), times=1)
    with pytest.raises(StoreUnavailableError):
        await store.get(new_object_key())
    with pytest.raises(ObjectMissingError):
        await store.get(new_object_key())


async def test_listing_that_lags_shows_what_was_there_before(store: S3Store, proxy: StoreProxy) -> None:
    gone = await stored(store)
    lagging = proxy.kept_answer("GET")
    assert await keys_of(store) == {gone}
    await store.delete(gone)
    added = await stored(store)
    proxy.on("GET", answered_as_before(lagging.answer), path="list-type=2")
    assert await keys_of(store) == {gone}
    await store.delete(gone)
    proxy.mend()
    assert await keys_of(store) == {added}


async def test_listing_that_never_ends_is_ended(seaweed: SeaweedFS, proxy: StoreProxy) -> None:
    store = S3Store(seaweed.options(proxy.endpoint, limits=IMPATIENT), listed_at_once=1)
    for _ in range(3):
        await stored(store)
    lagging = proxy.kept_answer("GET")
    async for _ in store.list():
        break
    proxy.on("GET", answered_as_before(lagging.answer))
    with pytest.raises(StoreUnavailableError, match="does not go on"):
        await keys_of(store)
    await store.close()


class TestUnfit:
    async def refusal(self, seaweed: SeaweedFS, proxy: StoreProxy) -> StoreError:
        store = S3Store(seaweed.options(proxy.endpoint, limits=IMPATIENT))
        with pytest.raises(StoreError) as refused:
            await require_fit(store)
        await store.close()
        return refused.value

    async def test_region_that_was_not_told(self, seaweed: SeaweedFS, proxy: StoreProxy) -> None:
        proxy.on("HEAD", with_headers(x_amz_bucket_region="us-east-1"))
        error = await self.refusal(seaweed, proxy)
        assert isinstance(error, StoreUnfitError)
        assert "REDWELL_S3_REGION" in str(error)

    async def test_region_that_aws_would_have_named(self, seaweed: SeaweedFS, proxy: StoreProxy) -> None:
        store = S3Store(seaweed.options(proxy.endpoint, limits=IMPATIENT))
        await require_fit(store)  # this server names none, and is where its address says
        store.options = replace(store.options, endpoint=None)
        with pytest.raises(StoreUnfitError, match="was not named"):
            await require_fit(store)
        await store.close()

    async def test_redirect_to_another_region_is_not_followed(
        self, seaweed: SeaweedFS, proxy: StoreProxy
    ) -> None:
        elsewhere = refused_with(301, "PermanentRedirect", x_amz_bucket_region="us-east-1")
        for method in ("HEAD", "PUT"):
            proxy.on(method, elsewhere)
        assert "REDWELL_S3_REGION" in str(await self.refusal(seaweed, proxy))
        assert len(proxy.seen) == 1
        store = S3Store(seaweed.options(proxy.endpoint, limits=IMPATIENT))
        with pytest.raises(StoreUnavailableError):
            await store.put(new_object_key(), DATA)
        await store.close()
        assert len(proxy.seen) == 2

    async def test_store_that_does_not_check_checksums(self, seaweed: SeaweedFS, proxy: StoreProxy) -> None:
        proxy.on("PUT", answered_as_before(Answer(200, {"Content-Length": "0"}, b"")))
        assert "REDWELL_S3_CHECKSUM=read-back" in str(await self.refusal(seaweed, proxy))

    async def test_store_that_may_not_be_written(self, seaweed: SeaweedFS, proxy: StoreProxy) -> None:
        proxy.on("PUT", refused_with(403, "AccessDenied"))
        assert "may not write" in str(await self.refusal(seaweed, proxy))

    async def test_store_that_gives_back_something_else(self, seaweed: SeaweedFS, proxy: StoreProxy) -> None:
        proxy.on("GET", answer_altered)
        assert "did not give back" in str(await self.refusal(seaweed, proxy))

    async def test_store_that_deletes_nothing(self, seaweed: SeaweedFS, proxy: StoreProxy) -> None:
        proxy.on("DELETE", answered_as_before(Answer(204, {}, b"")))
        assert "told to delete" in str(await self.refusal(seaweed, proxy))

    async def test_clock_that_is_off(self, seaweed: SeaweedFS, proxy: StoreProxy) -> None:
        proxy.on("HEAD", with_headers(Last_Modified="Thu, 01 Jan 2026 00:00:00 GMT"), path="/")
        assert "clock" in str(await self.refusal(seaweed, proxy))

    async def test_nobody_there(self, seaweed: SeaweedFS, proxy: StoreProxy) -> None:
        proxy.on("HEAD", reset)
        error = await self.refusal(seaweed, proxy)
        assert isinstance(error, StoreUnavailableError)
        assert "did not answer" in str(error)


async def test_no_error_tells_a_secret(seaweed: SeaweedFS, proxy: StoreProxy) -> None:
    store = S3Store(seaweed.options(proxy.endpoint, limits=IMPATIENT))
    key = await stored(store)
    proxy.on("GET", reset)
    with pytest.raises(StoreUnavailableError) as failed:
        await store.get(key)
    told: BaseException | None = failed.value
    while told is not None:
        assert "X-Amz-" not in f"{told}{told!r}"
        told = told.__cause__ or told.__context__
    for secret in (seaweed.secret_access_key, seaweed.access_key_id):
        assert secret not in repr(store.options)
    await store.close()
