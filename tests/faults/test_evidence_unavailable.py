"""A log that cannot be written: nothing is done, nothing is served, and nothing is changed."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from services.kernel.problems import PROBLEM_TYPE
from services.tables.roles import WRITERS_OF_EVIDENCE
from tests.harness.calls import TOKEN_OPERATIONS
from tests.harness.eventually import eventually
from tests.harness.everything import Everything
from tests.harness.instance import Instance
from tests.harness.ledger import check_ledger
from tests.harness.people import World
from tests.harness.programs import new_program
from tests.harness.rows import digests, events, received_bytes, rows, segments, wait_until_quiet
from tests.harness.stage import MIB, SHAPES, content_of, new_upload, objects_on_disk, staged
from tests.harness.wire import Wire

BESIDE_THE_ACT = {"refusal_counts", "subject_keys", "throttles"}
IN_THE_BACKGROUND = {"notices", "outbox", "reading_places"}
"""The teller's: it reads what was committed before, and queues mail about it."""
"""Refusals of strangers are counted, guessing is slowed, and keys are made before they seal anything."""
ROLES = ", ".join(WRITERS_OF_EVIDENCE)


@pytest.fixture(scope="module", params=SHAPES)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with staged(request.param) as built:
        yield built


@pytest.fixture(scope="module")
def everything(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everything]:
    made = Everything(world, tmp_path_factory.mktemp("everything"))
    yield made
    made.close()


@contextlib.contextmanager
def unwritable(instance: Instance, table: str) -> Iterator[None]:
    rows(instance, f"REVOKE INSERT ON {table} FROM {ROLES}")
    try:
        yield
    finally:
        rows(instance, f"GRANT INSERT ON {table} TO {ROLES}")


def told(answer: httpx.Response) -> tuple[object, ...]:
    """What a refused caller is told; with HEAD there is no body."""
    slug = answer.json()["type"].rsplit("/", 1)[-1] if answer.content else "evidence-unavailable"
    return answer.status_code, slug, answer.headers["content-type"], int(answer.headers["retry-after"]) > 0


REFUSED = (503, "evidence-unavailable", PROBLEM_TYPE, True)


@pytest.mark.parametrize("table", ["events", "event_queue", "event_personal_data"])
def test_without_evidence_nothing_is_done_or_served(everything: Everything, table: str) -> None:
    instance = everything.world.instance
    wait_until_quiet(instance)
    with unwritable(instance, table):
        # Only now: the sequencer may have counted the refusals of a minute just before.
        before, stored = digests(instance), set(objects_on_disk(instance))
        answers = everything.ask_all() | everything.ask_what_is_refused()
        after = digests(instance)
    assert len(answers) >= len(TOKEN_OPERATIONS) + 3 + 6
    assert {name: told(answer) for name, answer in answers.items()} == dict.fromkeys(answers, REFUSED)
    assert not any("redwell-event" in answer.headers for answer in answers.values())
    assert not any(b"all of it" in answer.content for answer in answers.values())
    assert {name for name in before if before[name] != after[name]} <= BESIDE_THE_ACT | IN_THE_BACKGROUND
    assert set(objects_on_disk(instance)) == stored


def test_refusals_of_strangers_are_not_given_without_being_counted(everything: Everything) -> None:
    instance = everything.world.instance
    with unwritable(instance, "refusal_counts"):
        answers = {name: everything.caller.call(row, None) for name, row in TOKEN_OPERATIONS.items()}
    assert {name: told(answer) for name, answer in answers.items()} == dict.fromkeys(answers, REFUSED)
    for row in TOKEN_OPERATIONS.values():
        assert everything.caller.call(row, None).status_code == 401


def test_no_program_gets_a_token_without_evidence(world: World) -> None:
    world.renew()
    program = new_program(world, world["firm_admin"])
    with unwritable(world.instance, "events"):
        answer = program.ask()
    assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")
    assert rows(world.instance, "SELECT id FROM sessions WHERE member_id = $1::uuid", program.id) == []
    assert program.token()


def test_an_upload_is_not_closed_without_evidence(world: World, tmp_path: Path) -> None:
    document, upload = new_upload(world, "unrecorded.bin")
    content = content_of("unrecorded", 9 * MIB)
    with Wire(world.instance) as wire:
        wire.put(world["attorney"], upload, len(content))
        wire.send(content[:-1])
        eventually(lambda: received_bytes(world.instance, upload))
        with unwritable(world.instance, "events"):
            wire.send(content[-1:])
            status, headers, _ = wire.head()
            assert status == 503
            assert "redwell-event" not in headers
            states = rows(world.instance, "SELECT state FROM versions WHERE document_id::text = $1", document)
            assert [state[0] for state in states] == ["receiving"]
    # Its end could not be recorded, so its lease has to run out.
    world.instance.clock.advance(31)
    with Wire(world.instance) as wire:
        wire.put(world["attorney"], upload, len(content))
        wire.send(content)
        assert wire.head()[0] == 200
    assert [row["outcome"] for row in events(world.instance, document, "document.received")] == [
        "info",
        "failed",
        "info",
        "allowed",
    ]
    world["attorney"].client.fetch(document, tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == content
    assert len(segments(world.instance, document)) == 2


def test_afterwards_everything_works_and_the_log_is_whole(everything: Everything, tmp_path: Path) -> None:
    world = everything.world
    world["paralegal"].client.fetch(everything.document, tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == b"all of it"
    everything.leaver.client.refresh()
    with world.instance.client() as client:
        assert client.sign_in(everything.leaver.email, everything.leaver.password)
    check_ledger(world, tmp_path)
