"""Postgres stopped: 503 everywhere, nothing half-written, and all is well once it is back."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from services.kernel.problems import PROBLEM_TYPE
from tests.harness.calls import TOKEN_OPERATIONS
from tests.harness.eventually import allowed, eventually
from tests.harness.everything import Everything
from tests.harness.ledger import check_ledger
from tests.harness.outage import outage
from tests.harness.people import World
from tests.harness.rows import digests, events, received_bytes, row, segments, wait_until_quiet
from tests.harness.stage import LONG, MIB, SHAPES, content_of, new_upload, objects_on_disk, staged
from tests.harness.wire import Wire

SIZE = 20 * MIB
LONGEST_ANSWER_SECONDS = 12


@pytest.fixture(scope="module", params=SHAPES)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with staged(request.param) as built:
        yield built


@pytest.fixture(scope="module")
def everything(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everything]:
    made = Everything(world, tmp_path_factory.mktemp("everything"))
    yield made
    made.close()


def test_while_postgres_is_down_everything_is_503_and_nothing_is_lost(
    everything: Everything, tmp_path: Path
) -> None:
    world, instance = everything.world, everything.world.instance
    wait_until_quiet(instance)
    before, stored = digests(instance), set(objects_on_disk(instance))
    with outage(instance):
        answers = everything.ask_all() | everything.ask_what_is_refused()
        anonymous = {
            f"{name}, nobody": everything.caller.call(op, None) for name, op in TOKEN_OPERATIONS.items()
        }
        assert instance.ready().status_code == 503
    answers |= anonymous
    assert {name: told(answer) for name, answer in answers.items()} == dict.fromkeys(answers, REFUSED)
    longest = max(answer.elapsed.total_seconds() for answer in answers.values())
    assert longest < allowed(LONGEST_ANSWER_SECONDS)
    assert not any("redwell-event" in answer.headers for answer in answers.values())
    assert not any(b"all of it" in answer.content for answer in answers.values())
    wait_until_quiet(instance)
    assert digests(instance) == before
    assert set(objects_on_disk(instance)) == stored
    world["paralegal"].client.fetch(everything.document, tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == b"all of it"
    check_ledger(world, tmp_path)


REFUSED = (503, PROBLEM_TYPE, True)


def told(answer: httpx.Response) -> tuple[object, ...]:
    return answer.status_code, answer.headers["content-type"], int(answer.headers["retry-after"]) > 0


def test_an_upload_in_motion_ends_and_can_be_sent_again(world: World, tmp_path: Path) -> None:
    instance, content = world.instance, content_of("cut off", SIZE)
    document, upload = new_upload(world, "cut-off.bin")
    with Wire(instance) as wire:
        wire.put(world["attorney"], upload, SIZE)
        wire.send(content[: 9 * MIB])
        eventually(lambda: received_bytes(instance, upload))
        with outage(instance):
            status, headers, _ = wire.head()
            assert (status, headers["content-type"]) == (503, PROBLEM_TYPE)
    assert (
        row(instance, "SELECT state FROM versions WHERE document_id::text = $1", document)[0] == "receiving"
    )
    # Its end could not be recorded, so its lease has to run out.
    instance.clock.advance(31)
    with Wire(instance) as wire:
        wire.put(world["attorney"], upload, SIZE)
        wire.send(content)
        assert wire.head()[0] == 200
    world["attorney"].client.fetch(document, tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == content
    assert len(segments(instance, document)) == 3
    outcomes = [
        (event["outcome"], event["reason"]) for event in events(instance, document, "document.received")
    ]
    assert outcomes == [("info", None), ("failed", "interrupted"), ("info", None), ("allowed", None)]
    check_ledger(world, tmp_path)


def test_a_download_in_motion_ends_when_access_can_no_longer_be_asked(world: World, tmp_path: Path) -> None:
    instance, content = world.instance, content_of("unasked", LONG)
    document = world.put(tmp_path, "unasked.bin", content)["id"]
    with Wire(instance, receive_buffer_bytes=64 * 1024) as wire:
        wire.get(world["attorney"], document)
        status, _, body = wire.head()
        assert status == 200
        with outage(instance):
            body += wire.read_slowly(3, MIB)[0]
            # What was under way in the buffers of sockets may still come.
            body += wire.rest()
    assert content.startswith(body)
    assert len(body) < LONG
    check_ledger(world, tmp_path)
