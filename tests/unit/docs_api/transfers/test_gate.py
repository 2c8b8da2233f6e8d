"""The gate: nothing goes further than a window beyond what was confirmed, nor while access is in doubt."""

import asyncio
from typing import Any

import pytest

from services.docs_api.transfers.alarm import Alarm, Bell
from services.docs_api.transfers.gate import WINDOW_BYTES, Gate

PIECE = 256 * 1024


class _Line:
    """A connection whose answers come when they are let through."""

    def __init__(self) -> None:
        self.asked = 0
        self.let_through = asyncio.Semaphore(0)
        self.broken = self.terminated = False

    async def execute(self, _sql: str) -> None:
        self.asked += 1
        await self.let_through.acquire()
        if self.broken:
            raise ConnectionResetError

    def terminate(self) -> None:
        self.terminated = True


@pytest.fixture
def line() -> _Line:
    return _Line()


@pytest.fixture
def alarm(line: _Line) -> Alarm:
    made: Any = Alarm.__new__(Alarm)
    made.__init__(None)
    made._connection = line
    return made  # type: ignore[no-any-return]


async def _settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def _hand_over(gate: Gate, handed: list[int]) -> None:
    while True:
        await gate.enter(PIECE)
        handed.append(PIECE)
        gate.passed(PIECE)
        await asyncio.sleep(0)


async def test_without_an_answer_it_ends_at_the_window(alarm: Alarm, line: _Line) -> None:
    bell, handed = Bell(), list[int]()
    gate = Gate(alarm, bell)
    sending = asyncio.ensure_future(_hand_over(gate, handed))
    await _settled()
    bell.settle()  # it rang itself: what was committed before it hung was not heard
    assert sum(handed) < WINDOW_BYTES
    bell._rung.clear()
    bell.settle()
    await _settled()
    assert sum(handed) == WINDOW_BYTES
    line.let_through.release()
    await _settled()
    assert WINDOW_BYTES < sum(handed) <= 2 * WINDOW_BYTES
    sending.cancel()
    gate.close()


async def test_nothing_goes_out_while_access_is_in_doubt(alarm: Alarm) -> None:
    bell = Bell()
    gate = Gate(alarm, bell)
    bell.ring()
    entering = asyncio.ensure_future(gate.enter(1))
    await _settled()
    assert not entering.done()
    await bell.wait(30)
    bell.ring()
    bell.settle()
    await _settled()
    assert not entering.done()
    await bell.wait(30)
    bell.settle()
    await asyncio.wait_for(entering, 30)


async def test_one_question_serves_all_who_ask_before_it(alarm: Alarm, line: _Line) -> None:
    first = asyncio.ensure_future(alarm.caught_up())
    await _settled()
    late = [asyncio.ensure_future(alarm.caught_up()) for _ in range(5)]
    await _settled()
    assert line.asked == 1
    line.let_through.release()
    await first
    await _settled()
    assert (line.asked, [each.done() for each in late]) == (2, [False] * 5)
    line.let_through.release()
    await asyncio.gather(*late)
    assert line.asked == 2


async def test_a_line_that_breaks_holds_nobody_up(alarm: Alarm, line: _Line) -> None:
    line.broken = True
    line.let_through.release()
    await asyncio.wait_for(alarm.caught_up(), 30)
    assert line.terminated


async def test_where_nothing_listens_nothing_is_waited_for(alarm: Any) -> None:
    alarm._connection = None
    await asyncio.wait_for(alarm.caught_up(), 30)


async def test_who_leaves_does_not_take_the_question_back(alarm: Alarm, line: _Line) -> None:
    leaving = asyncio.ensure_future(alarm.caught_up())
    await _settled()
    waiting = asyncio.ensure_future(alarm.caught_up())
    await _settled()
    leaving.cancel()
    line.let_through.release()
    line.let_through.release()
    await waiting
    assert leaving.cancelled()
    assert line.asked == 2
    assert not line.terminated
