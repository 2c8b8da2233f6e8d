import asyncio
from datetime import datetime

import pytest
from structlog.testing import capture_logs

from services.gateway.keys import PublicKeys
from services.kernel.problems import Unavailable
from services.keys.signing import SigningKey
from services.keys.verification import TokenVerifier
from tests.factories.gateway import KEY, Shelf, Watch


def following(shelf: Shelf, watch: Watch) -> tuple[PublicKeys, TokenVerifier]:
    verifier = TokenVerifier({}, issuer="https://localhost", lifetimes={})
    return PublicKeys(shelf.load, verifier, watch), verifier


async def test_keys_are_read_once_a_minute_at_most() -> None:
    shelf, watch = Shelf([KEY]), Watch()
    keys, _ = following(shelf, watch)
    assert await keys.refresh()
    assert not await keys.refresh()
    watch.advance(59)
    assert not await keys.refresh()
    assert shelf.reads == 1
    shelf.keys.append(SigningKey.generate())
    watch.advance(1)
    assert await keys.refresh()


async def test_a_retired_key_is_believed_no_more() -> None:
    other = SigningKey.generate()
    shelf, watch = Shelf([KEY, other]), Watch()
    keys, verifier = following(shelf, watch)
    await keys.refresh()
    shelf.keys.remove(KEY)
    watch.advance(60)
    assert await keys.refresh()
    assert list(verifier._keyring) == [other.kid]


@pytest.mark.parametrize("poison", ["none", "secret", "duplicate"])
async def test_a_set_that_is_not_whole_replaces_no_good_one(poison: str) -> None:
    shelf, watch = Shelf([KEY]), Watch()
    sets: dict[str, list[dict[str, str]]] = {
        "none": [],
        "secret": [KEY.public_jwk(), {"kty": "oct", "k": "AAAA"}],
        "duplicate": [KEY.public_jwk(), KEY.public_jwk()],
    }

    async def load(now: datetime) -> list[dict[str, str]]:
        return await shelf.load(now) if watch.now.second == 0 else sets[poison]

    verifier = TokenVerifier({}, issuer="https://localhost", lifetimes={})
    keys = PublicKeys(load, verifier, watch)
    await keys.refresh()
    watch.advance(61)
    assert not await keys.refresh()
    assert list(verifier._keyring) == [KEY.kid]


async def test_a_lost_database_changes_nothing() -> None:
    shelf, watch = Shelf([KEY]), Watch()
    keys, verifier = following(shelf, watch)
    await keys.refresh()
    shelf.broken = True
    watch.advance(60)
    assert not await keys.refresh()
    assert list(verifier._keyring) == [KEY.kid]


async def test_what_the_database_did_not_answer_is_asked_again_in_a_second() -> None:
    shelf, watch = Shelf([KEY]), Watch()
    keys, _ = following(shelf, watch)
    await keys.refresh()
    shelf.keys.append(SigningKey.generate())
    shelf.broken = True
    watch.advance(60)
    assert [await keys.refresh() for _ in range(9)] == [False] * 9
    assert shelf.reads == 2
    shelf.broken = False
    watch.advance(1)
    assert await keys.refresh()


async def test_a_flood_of_unknown_names_costs_a_read_a_minute() -> None:
    shelf, watch = Shelf([KEY]), Watch()
    keys, _ = following(shelf, watch)
    for _ in range(3):
        await asyncio.gather(*(keys.refresh() for _ in range(500)))
        watch.advance(59)
    assert shelf.reads == 2


@pytest.mark.parametrize("shelf", [Shelf(), Shelf([KEY], broken=True)], ids=["none published", "no database"])
async def test_while_no_key_was_ever_read_they_are_looked_for_every_second(shelf: Shelf) -> None:
    watch = Watch()
    keys, verifier = following(shelf, watch)
    for _ in range(3):
        with pytest.raises(Unavailable):
            await keys.refresh()
    assert shelf.reads == 1
    shelf.keys, shelf.broken = [KEY], False
    watch.advance(1)
    assert await keys.refresh()
    assert list(verifier._keyring) == [KEY.kid]


async def test_a_start_before_any_key_is_published_is_no_failure_and_costs_no_minute() -> None:
    shelf = Shelf()
    keys, _ = following(shelf, Watch())
    async with keys.followed():
        shelf.keys.append(KEY)
        assert await keys.refresh()


async def test_those_who_wait_for_one_reading_all_learn_of_it() -> None:
    shelf, answer = Shelf([KEY]), asyncio.Event()

    async def load(now: datetime) -> list[dict[str, str]]:
        await answer.wait()
        return await shelf.load(now)

    keys = PublicKeys(load, TokenVerifier({}, issuer="https://localhost", lifetimes={}), Watch())
    waiting = asyncio.gather(*(keys.refresh() for _ in range(5)))
    asyncio.get_running_loop().call_soon(answer.set)
    assert await waiting == [True] * 5
    assert shelf.reads == 1


async def test_that_nothing_is_published_yet_is_no_error() -> None:
    shelf, watch = Shelf([]), Watch()
    keys, _ = following(shelf, watch)
    with capture_logs() as said, pytest.raises(Unavailable):
        await keys.refresh()
    assert [line["log_level"] for line in said] == ["info"]
    shelf.keys.append(KEY)
    watch.advance(61)
    assert await keys.refresh()
    shelf.keys.clear()
    watch.advance(61)
    with capture_logs() as said:
        assert not await keys.refresh()
    assert [line["log_level"] for line in said] == ["error"]
