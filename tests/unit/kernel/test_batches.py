"""Batches: one at a time, answers in their places, and nobody harmed by another's bad item."""

import asyncio
from collections.abc import Sequence

import pytest

from services.kernel.batches import Batches
from services.kernel.problems import Unavailable


class _Doubling:
    """Doubles numbers; keeps each batch it was given, and waits at a gate that is open at first."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.batches.append(list(numbers))
        await self.gate.wait()
        if 13 in numbers:
            raise ValueError("thirteen")
        if 99 in numbers:
            raise Unavailable
        return [2 * number for number in numbers]


async def test_what_comes_meanwhile_is_done_together_and_answered_in_its_place() -> None:
    work = _Doubling()
    work.gate.clear()
    batches = Batches(work, most=3)
    asking = [asyncio.ensure_future(batches.ask(number)) for number in range(6)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert work.batches == [[0, 1, 2]]
    work.gate.set()
    assert await asyncio.gather(*asking) == [0, 2, 4, 6, 8, 10]
    assert work.batches == [[0, 1, 2], [3, 4, 5]]
    assert await batches.ask(7) == 14


async def test_a_bad_item_fails_alone() -> None:
    work = _Doubling()
    batches = Batches(work, most=10)
    answers = await asyncio.gather(*(batches.ask(number) for number in (1, 13, 2)), return_exceptions=True)
    assert [answers[0], answers[2]] == [2, 4]
    assert isinstance(answers[1], ValueError)
    assert work.batches == [[1, 13, 2], [1], [13], [2]]


async def test_what_is_known_to_concern_all_fails_all_at_once() -> None:
    work = _Doubling()
    batches = Batches(work, most=10)
    answers = await asyncio.gather(*(batches.ask(number) for number in (1, 99, 2)), return_exceptions=True)
    assert all(isinstance(answer, Unavailable) for answer in answers)
    assert work.batches == [[1, 99, 2]]
    assert await batches.ask(3) == 6


async def test_who_has_gone_before_it_began_is_left_out() -> None:
    work = _Doubling()
    work.gate.clear()
    batches = Batches(work, most=1)
    first, gone, last = (asyncio.ensure_future(batches.ask(number)) for number in (1, 2, 3))
    await asyncio.sleep(0)
    gone.cancel()
    work.gate.set()
    assert await first == 2
    assert await last == 6
    assert work.batches == [[1], [3]]
    with pytest.raises(asyncio.CancelledError):
        await gone
