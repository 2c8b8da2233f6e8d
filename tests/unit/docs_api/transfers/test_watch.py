"""A transfer under watch: the guard that ends first decides, and nothing is left running."""

import asyncio
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr

from services.docs_api.transfers import watch as watching
from services.docs_api.transfers.alarm import Alarm
from services.docs_api.transfers.errors import AccessEnded
from services.docs_api.transfers.pace import Pace
from services.docs_api.transfers.watch import Watch, under_watch, whatever_happens
from services.kernel.problems import Unavailable
from services.kernel.settings import Settings


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


FIRM, PROVIDER = uuid4(), uuid4()


@pytest.fixture
def alarm(tmp_path: Path) -> Alarm:
    settings = Settings(
        keys=tmp_path,
        objects=tmp_path,
        database_host=str(tmp_path),
        database_passwords=SecretStr("{}"),
    )
    return Alarm(settings)


@pytest.mark.parametrize("tenant", [FIRM, PROVIDER, None])
async def test_the_alarm_has_access_asked_for_at_once(alarm: Alarm, tenant: UUID | None) -> None:
    asked = asyncio.Event()

    async def check() -> None:
        asked.set()
        raise AccessEnded

    watch = Watch(check, Pace(0, asyncio.get_running_loop().time), alarm, (FIRM, PROVIDER), 3600)
    keeping = asyncio.ensure_future(watch.keep())
    await asyncio.sleep(0)
    alarm.ring(uuid4())
    await asyncio.sleep(0)
    assert not asked.is_set()
    alarm.ring(tenant)
    with pytest.raises(AccessEnded):
        await asyncio.wait_for(keeping, 30)


async def test_what_rings_while_access_is_asked_for_is_not_missed(alarm: Alarm) -> None:
    asked = 0

    async def check() -> None:
        nonlocal asked
        asked += 1
        if asked == 2:
            raise AccessEnded
        alarm.ring(FIRM)

    watch = Watch(check, Pace(0, asyncio.get_running_loop().time), alarm, (FIRM, PROVIDER), 3600)
    keeping = asyncio.ensure_future(watch.keep())
    await asyncio.sleep(0)
    alarm.ring(FIRM)
    with pytest.raises(AccessEnded):
        await asyncio.wait_for(keeping, 30)
    assert asked == 2


async def test_nothing_goes_out_while_the_database_says_nothing(
    alarm: Alarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "DOUBT_SECONDS", 0)
    asked, answer = asyncio.Event(), asyncio.Event()

    async def check() -> None:
        asked.set()
        await answer.wait()

    watch = Watch(check, Pace(0, asyncio.get_running_loop().time), alarm, (FIRM,), 0.001)
    await asyncio.wait_for(watch.bell.calm(), 30)
    keeping = asyncio.ensure_future(watch.keep())
    await asked.wait()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(watch.bell.calm(), 0.05)
    answer.set()
    await asyncio.wait_for(watch.bell.calm(), 30)
    keeping.cancel()
    await asyncio.wait([keeping])


async def test_a_database_that_never_answers_ends_it(alarm: Alarm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "DOUBT_SECONDS", 0)
    monkeypatch.setattr(watching, "PATIENCE_SECONDS", 0)
    watch = Watch(_never, Pace(0, asyncio.get_running_loop().time), alarm, (FIRM,), 0.001)
    with pytest.raises(Unavailable):
        await asyncio.wait_for(watch.keep(), 30)
