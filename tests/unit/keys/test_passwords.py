import asyncio
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher as Argon2
from argon2 import extract_parameters

from services.kernel.problems import Unavailable
from services.keys import passwords
from services.keys.passwords import (
    DUMMY_HASH,
    MEMORY_KIB,
    PARALLELISM,
    TIME_COST,
    HashState,
    PasswordFormatError,
    PasswordHasher,
    PasswordMismatchError,
)

PASSWORD = "correct horse battery staple"


@pytest.fixture
def hasher() -> Iterator[PasswordHasher]:
    hasher = PasswordHasher(workers=1)
    yield hasher
    hasher.close()


async def test_password_matches_its_hash(hasher: PasswordHasher) -> None:
    stored = await hasher.hash_password(PASSWORD)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await hasher.verify_password(PASSWORD, stored) is HashState.CURRENT
    assert stored != await hasher.hash_password(PASSWORD)


@pytest.mark.parametrize("wrong", ["", PASSWORD + " ", PASSWORD.title(), PASSWORD[:-1], "x" * 5000, "\ud800"])
async def test_other_password_does_not_match(hasher: PasswordHasher, wrong: str) -> None:
    stored = await hasher.hash_password(PASSWORD)
    with pytest.raises(PasswordMismatchError):
        await hasher.verify_password(wrong, stored)


async def test_last_byte_of_a_long_password_counts(hasher: PasswordHasher) -> None:
    stored = await hasher.hash_password("é" * 1024)
    assert await hasher.verify_password("é" * 1024, stored) is HashState.CURRENT
    with pytest.raises(PasswordMismatchError):
        await hasher.verify_password("é" * 1023 + "e", stored)


async def test_unknown_account_never_matches(hasher: PasswordHasher) -> None:
    for password in (PASSWORD, ""):
        with pytest.raises(PasswordMismatchError):
            await hasher.verify_password(password, None)


async def test_unknown_account_never_matches_even_the_dummy(
    hasher: PasswordHasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "DUMMY_HASH", await hasher.hash_password(PASSWORD))
    with pytest.raises(PasswordMismatchError):
        await hasher.verify_password(PASSWORD, None)


@pytest.mark.parametrize("stored", ["", "no hash", "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA", "$2b$12$abc"])
async def test_text_that_is_no_hash_never_matches(hasher: PasswordHasher, stored: str) -> None:
    with pytest.raises(PasswordMismatchError):
        await hasher.verify_password(PASSWORD, stored)


async def test_weaker_hash_is_reported_for_replacement(hasher: PasswordHasher) -> None:
    stored = Argon2(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    assert await hasher.verify_password(PASSWORD, stored) is HashState.OUTDATED


@pytest.mark.parametrize("password", ["x" * 4097, "\ud800"])
async def test_what_cannot_be_hashed_is_refused(hasher: PasswordHasher, password: str) -> None:
    with pytest.raises(PasswordFormatError):
        await hasher.hash_password(password)


def test_dummy_hash_costs_what_a_real_one_does() -> None:
    dummy = extract_parameters(DUMMY_HASH)
    assert (dummy.time_cost, dummy.memory_cost, dummy.parallelism) == (TIME_COST, MEMORY_KIB, PARALLELISM)
    assert (dummy.hash_len, dummy.salt_len) == (32, 16)


async def test_only_so_many_hashes_wait_and_the_rest_come_later(hasher: PasswordHasher) -> None:
    answers = await asyncio.gather(
        *(hasher.hash_password(PASSWORD) for _ in range(20)), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, Unavailable)]
    assert len(refused) == 20 - 17  # one at work and sixteen waiting
    assert "Retry-After" in refused[0].headers()
    assert await hasher.hash_password(PASSWORD)
