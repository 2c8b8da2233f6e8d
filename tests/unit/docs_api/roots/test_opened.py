"""Firm keys of roots that are kept elsewhere: for how long, and what each answer of a root means."""

import asyncio
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest

from services.docs_api.roots.errors import FirmKeyUnavailable
from services.docs_api.roots.opened import OpenedKeys, SealedFirmKey
from services.keys.errors import KeysError
from services.keys.files import NamedKey
from services.keys.roots import FileRoot, RootRefusedError, Roots, RootUnreachableError
from services.keys.wrapping import KeyName, SecretKey, UnwrapError, new_key

TRUST = 60.0
FILE = FileRoot(NamedKey(KeyName("root", None, uuid4()), new_key()))


@dataclass
class Elsewhere:
    """A root that answers when it is let, as it is told."""

    id: str
    key: SecretKey = field(default_factory=new_key)
    failure: KeysError | None = None
    asked: int = 0
    answers: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.answers.set()

    async def seal(self, key: SecretKey, name: KeyName) -> bytes:
        del key, name
        return b"sealed"

    async def open(self, sealed: bytes, name: KeyName) -> SecretKey:
        del sealed, name
        self.asked += 1
        await self.answers.wait()
        if self.failure is not None:
            raise self.failure
        return self.key


class Stage:
    """Two roots, the keys of two firms, and a clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.one, self.other = Elsewhere("kms:one"), Elsewhere("kms:other")
        made = {root.id: root for root in (self.one, self.other)}
        self.closed: list[UUID] = []
        roots = Roots([FILE], elsewhere=made.__getitem__)
        self.opened = OpenedKeys(roots, TRUST, self.closed.append, lambda: self.now)
        self.firm, self.neighbour = (
            SealedFirmKey(root.id, KeyName("firm", uuid4(), uuid4()), b"sealed")
            for root in (self.one, self.other)
        )

    async def after(self, seconds: float) -> None:
        """The clock moves on, the keeper looks, and whatever it asked is answered."""
        self.now += seconds
        self.opened.look()
        for _ in range(5):
            await asyncio.sleep(0)

    @property
    def tenant(self) -> UUID | None:
        return self.firm.name.tenant


@pytest.fixture
async def stage() -> Stage:
    return Stage()


async def test_a_key_that_was_never_opened_is_refused_and_asked_for(stage: Stage) -> None:
    with pytest.raises(FirmKeyUnavailable):
        stage.opened.key(stage.firm)
    await stage.after(0)
    assert stage.opened.key(stage.firm) == stage.one.key


async def test_a_refusal_closes_the_key_at_once_and_that_firm_alone(stage: Stage) -> None:
    await stage.opened.unlock(stage.firm)
    await stage.opened.unlock(stage.neighbour)
    stage.one.failure = RootRefusedError("one", "disabled")
    await stage.after(TRUST / 3)
    assert stage.closed == [stage.tenant]
    with pytest.raises(FirmKeyUnavailable):
        stage.opened.key(stage.firm)
    assert stage.opened.key(stage.neighbour) == stage.other.key


@pytest.mark.parametrize("failure", [RootRefusedError("one", "denied"), UnwrapError("altered")])
async def test_what_does_not_open_is_refused(stage: Stage, failure: KeysError) -> None:
    stage.one.failure = failure
    with pytest.raises(FirmKeyUnavailable):
        await stage.opened.unlock(stage.firm)
    assert stage.closed == []


async def test_a_root_that_says_nothing_is_trusted_no_longer_than_its_time(stage: Stage) -> None:
    await stage.opened.unlock(stage.firm)
    stage.one.failure = RootUnreachableError("one", "ReadTimeoutError")
    await stage.after(TRUST / 2)
    assert stage.opened.key(stage.firm) == stage.one.key
    await stage.after(TRUST / 2)
    assert stage.closed == [stage.tenant]
    with pytest.raises(FirmKeyUnavailable):
        stage.opened.key(stage.firm)


async def test_trust_begins_when_the_root_was_asked_not_when_it_answered(stage: Stage) -> None:
    stage.one.answers.clear()
    waiting = asyncio.create_task(stage.opened.unlock(stage.firm))
    await stage.after(0)
    await stage.after(TRUST / 2)
    stage.one.answers.set()
    await waiting
    stage.one.answers.clear()
    await stage.after(TRUST / 2)
    with pytest.raises(FirmKeyUnavailable):
        stage.opened.key(stage.firm)


async def test_a_key_in_use_is_asked_for_again_and_never_closes(stage: Stage) -> None:
    await stage.opened.unlock(stage.firm)
    for _ in range(12):
        await stage.after(TRUST / 3)
        assert stage.opened.key(stage.firm) == stage.one.key
    assert stage.one.asked == 13
    assert stage.closed == []


async def test_one_asks_for_all_who_wait(stage: Stage) -> None:
    stage.one.answers.clear()
    waiting = [asyncio.create_task(stage.opened.unlock(stage.firm)) for _ in range(20)]
    await stage.after(0)
    await stage.opened.unlock(stage.neighbour)
    waiting[0].cancel()
    stage.one.answers.set()
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(ended[0], asyncio.CancelledError)
    assert ended[1:] == [None] * 19
    assert stage.one.asked == 1


async def test_once_it_is_known_to_be_shut_nobody_waits(stage: Stage) -> None:
    stage.one.failure = RootUnreachableError("one", "ConnectTimeoutError")
    with pytest.raises(FirmKeyUnavailable):
        await stage.opened.unlock(stage.firm)
    stage.now += 2
    stage.one.failure = None
    stage.one.answers.clear()
    with pytest.raises(FirmKeyUnavailable):
        await stage.opened.unlock(stage.firm)
    stage.one.answers.set()
    await stage.after(0)
    await stage.opened.unlock(stage.firm)
    assert stage.one.asked == 2


async def test_a_root_that_just_refused_is_not_asked_with_every_request(stage: Stage) -> None:
    stage.one.failure = RootRefusedError("one", "disabled")
    for _ in range(10):
        with pytest.raises(FirmKeyUnavailable):
            await stage.opened.unlock(stage.firm)
    assert stage.one.asked == 1


async def test_what_nobody_uses_is_forgotten_and_not_asked_for(stage: Stage) -> None:
    await stage.opened.unlock(stage.firm)
    await stage.after(3600)
    await stage.after(3600)
    assert stage.one.asked == 1
    await stage.opened.unlock(stage.firm)
    assert stage.one.asked == 2
