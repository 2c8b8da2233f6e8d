"""A transfer under watch: the guard that ends first decides, and nothing is left running."""

import asyncio

import pytest

from services.docs_api.transfers.errors import AccessEnded
from services.docs_api.transfers.watch import under_watch, whatever_happens


async def _never() -> None:
    await asyncio.Event().wait()


async def _refuse() -> None:
    raise AccessEnded


async def test_the_result_of_the_work_comes_back() -> None:
    async def work() -> int:
        return 7

    assert await under_watch(work(), _never()) == 7
    assert len(asyncio.all_tasks()) == 1


async def test_a_guard_that_refuses_ends_the_work() -> None:
    with pytest.raises(AccessEnded):
        await under_watch(_never(), _never(), _refuse())
    assert len(asyncio.all_tasks()) == 1


async def test_work_that_is_done_is_done_though_a_guard_refuses_at_once() -> None:
    async def work() -> int:
        return 7

    assert await under_watch(work(), _refuse()) == 7


async def test_a_failure_of_the_work_is_its_own() -> None:
    async def work() -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await under_watch(work(), _never())


async def test_what_must_be_recorded_is_finished_under_cancellation() -> None:
    recorded, begun, go_on = [], asyncio.Event(), asyncio.Event()

    async def record() -> None:
        begun.set()
        await go_on.wait()
        recorded.append("event")

    task = asyncio.ensure_future(whatever_happens(record()))
    await begun.wait()
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert recorded == ["event"]
