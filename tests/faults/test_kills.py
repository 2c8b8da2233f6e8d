"""`kill -9` of anything: it recovers by itself, and whatever was answered is there and in the log."""

import os
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clients.python.redwell_client import ProblemError
from tests.harness.eventually import allowed, eventually
from tests.harness.ledger import check_headers, check_ledger
from tests.harness.load import Load, Noted
from tests.harness.outage import children, command_of, postmaster_pid, wait_until_ready, worker_pids
from tests.harness.people import World
from tests.harness.rows import events, received_bytes, segments
from tests.harness.stage import MIB, content_of, new_upload, objects_on_disk, staged
from tests.harness.wire import Wire

SIZE = 20 * MIB
ROUNDS = 10
START_SECONDS = 20
Kill = Callable[[World], None]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with staged("embedded") as built:
        built.grant(built["paralegal"], ["pleadings"])
        yield built


def kill_workers(world: World) -> None:
    """All of them, since which one has a connection does not show."""
    eventually(lambda: len(worker_pids(world.instance)) == 2, 30)
    before = worker_pids(world.instance)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: len(set(worker_pids(world.instance)) - set(before)) == 2, 30)
    wait_until_ready(world.instance)


def kill_postgres(world: World) -> None:
    before = postmaster_pid(world.instance)
    os.kill(before, signal.SIGKILL)
    eventually(lambda: not any(pid == before for pid in children(world.instance)))
    wait_until_ready(world.instance)


def kill_supervisor(world: World) -> None:
    """Its children end by themselves, and the next start finds nothing in its way."""
    orphans = list(children(world.instance))
    world.instance.kill()
    began = time.monotonic()
    world.instance.start()
    assert time.monotonic() - began < allowed(START_SECONDS)
    assert [pid for pid in orphans if command_of(pid)] == []


def kill_everything(world: World) -> None:
    pids = list(children(world.instance))
    world.instance.kill()
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    world.instance.start()


KILLS: list[Kill] = [kill_workers, kill_postgres, kill_supervisor, kill_everything]


@pytest.mark.parametrize("kill", KILLS)
def test_an_upload_that_was_killed_leaves_no_version_and_can_be_sent_again(
    world: World, tmp_path: Path, kill: Kill
) -> None:
    instance, first = world.instance, content_of("killed", SIZE)
    kept = world.put(tmp_path, "kept.bin", b"acknowledged before")["id"]
    document, upload = new_upload(world, "killed.bin")
    with Wire(instance) as wire:
        wire.put(world["attorney"], upload, SIZE)
        wire.send(first[: 9 * MIB])
        eventually(lambda: received_bytes(instance, upload))
        kill(world)
    world["attorney"].client.fetch(kept, tmp_path / "kept")
    assert (tmp_path / "kept").read_bytes() == b"acknowledged before"
    with pytest.raises(ProblemError, match="404 not-found"):
        world["attorney"].client.fetch(document, tmp_path / "never")
    # Until the lease of the dead runs out nobody can know that it is dead.
    instance.clock.advance(31)
    other = content_of("sent again", SIZE)
    with Wire(instance) as wire:
        wire.put(world["attorney"], upload, SIZE)
        wire.send(other)
        status, headers, _ = wire.head()
        assert status == 200
    check_headers(world, [headers["redwell-event"]])
    world["attorney"].client.fetch(document, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == other
    assert len(segments(instance, document)) == 3
    salts = [path.read_bytes()[:24] for path in objects_on_disk(instance).values()]
    assert len(salts) == len(set(salts))
    for person in world.people.values():
        person.client.refresh()


def test_a_download_that_was_killed_is_incomplete_and_its_admission_on_record(
    world: World, tmp_path: Path
) -> None:
    content = content_of("long", SIZE)
    document = world.put(tmp_path, "long.bin", content)["id"]
    with Wire(world.instance, receive_buffer_bytes=64 * 1024) as wire:
        wire.get(world["paralegal"], document)
        status, headers, body = wire.head()
        assert status == 200
        body += wire.read_slowly(0.3, MIB)[0]
        kill_workers(world)
        body += wire.rest()
    assert content.startswith(body)
    assert len(body) < SIZE
    check_headers(world, [headers["redwell-event"]])
    assert [row["outcome"] for row in events(world.instance, document, "document.fetched")] == ["allowed"]
    world["paralegal"].client.fetch(document, tmp_path / "whole")
    assert (tmp_path / "whole").read_bytes() == content


def test_ten_kills_under_load_lose_no_answer(world: World, tmp_path: Path) -> None:
    noted = Noted()
    with Load(world, noted).running():
        for _ in range(ROUNDS):
            before = len(noted.headers)
            eventually(lambda at=before: len(noted.headers) > at + 10, 30)  # type: ignore[misc]
            victims = [*worker_pids(world.instance), postmaster_pid(world.instance)]
            os.kill(secrets.choice(victims), signal.SIGKILL)
        wait_until_ready(world.instance)
    assert noted.surprises == []
    # A start of its own, so that no worker of a later test waits out the pause of one that died often.
    assert world.instance.stop() == 0
    world.instance.start()
    assert len(noted.headers) > 10 * ROUNDS
    assert noted.acknowledged
    for number, (document, content) in enumerate(noted.acknowledged.items()):
        world["attorney"].client.fetch(document, tmp_path / f"{number}")
        assert (tmp_path / f"{number}").read_bytes() == content
    check_ledger(world, tmp_path, noted.headers)
