"""Clients that vanish, sessions and grants that end, all in the middle of a transfer."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from clients.python.redwell_client import ProblemError
from tests.harness.eventually import allowed, eventually
from tests.harness.ledger import check_ledger
from tests.harness.people import Person, World
from tests.harness.rows import change_of, events, received_bytes, segments
from tests.harness.stage import LONG, MIB, SHAPES, content_of, new_upload, staged
from tests.harness.wire import Wire

SIZE = 20 * MIB


@pytest.fixture(scope="module", params=SHAPES)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with staged(request.param) as built:
        yield built


@pytest.fixture(scope="module")
def content() -> bytes:
    return content_of("some content", SIZE)


@pytest.fixture(scope="module")
def long() -> bytes:
    return content_of("a long document", LONG)


@pytest.fixture(scope="module")
def document(world: World, long: bytes, tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(world.put(tmp_path_factory.mktemp("long"), "long.bin", long)["id"])


def end_by_reset(wire: Wire) -> None:
    wire.reset()


def end_by_close(wire: Wire) -> None:
    wire.__exit__(None, None, None)


def put_content(world: World, upload: str, content: bytes) -> int:
    """Send the whole content in one request; the status."""
    with Wire(world.instance) as wire:
        wire.put(world["attorney"], upload, len(content))
        wire.send(content)
        return wire.head()[0]


@pytest.mark.parametrize(
    ("vanish", "sent_bytes"), [(end_by_close, 70_000), (end_by_reset, 9 * MIB), (end_by_close, 17 * MIB)]
)
def test_a_client_that_vanishes_leaves_no_version_and_may_send_other_bytes(
    world: World, content: bytes, tmp_path: Path, vanish: Callable[[Wire], None], sent_bytes: int
) -> None:
    document, upload = new_upload(world, "vanishing.bin")
    wire = Wire(world.instance)
    wire.put(world["attorney"], upload, SIZE)
    wire.send(content[:sent_bytes])
    # One that vanishes before it was admitted leaves no trace at all.
    started = eventually(lambda: events(world.instance, document, "document.received"))
    assert [change_of(event) for event in started] == [{"phase": "started"}]
    vanish(wire)
    last = eventually(lambda: events(world.instance, document, "document.received")[1:])[0]
    assert (last["outcome"], last["reason"]) == ("failed", "client-gone")
    view = world["attorney"].client.call("GET", f"/v1/uploads/{upload}")
    assert (view["state"], view["received_bytes"]) == ("open", 0)
    assert segments(world.instance, document) == []
    with pytest.raises(ProblemError, match="404 not-found"):
        world["attorney"].client.fetch(document, tmp_path / "never")
    assert document not in {row["id"] for row in world["attorney"].client.documents(world.matter)}
    other = content_of("something else", 9 * MIB)
    assert put_content(world, upload, other) == 200
    world["attorney"].client.fetch(document, tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == other


def test_a_second_sender_must_wait_for_the_first(world: World, content: bytes) -> None:
    document, upload = new_upload(world, "contended.bin")
    with Wire(world.instance) as first:
        first.put(world["attorney"], upload, SIZE)
        first.send(content[: 9 * MIB])
        eventually(lambda: received_bytes(world.instance, upload))
        with Wire(world.instance) as second:
            second.put(world["attorney"], upload, 3)
            status, headers, _ = second.head()
            assert (status, int(headers["retry-after"]) > 0) == (423, True)
        first.send(content[9 * MIB :])
        status, _, _ = first.head()
        assert status == 200
    assert [row["length_bytes"] for row in segments(world.instance, document)] == [8 * MIB, 8 * MIB, 4 * MIB]


@pytest.mark.parametrize("vanish", [end_by_reset, end_by_close])
def test_a_download_that_the_client_leaves_is_recorded_with_its_bytes(
    world: World, document: str, long: bytes, vanish: Callable[[Wire], None]
) -> None:
    before = len(events(world.instance, document, "document.delivered"))
    wire = Wire(world.instance, receive_buffer_bytes=64 * 1024)
    wire.get(world["attorney"], document)
    status, headers, body = wire.head()
    assert (status, headers["content-length"]) == (200, str(LONG))
    while len(body) < MIB:
        body += wire.read()
    vanish(wire)
    assert long.startswith(body)
    last = next_delivered(world, document, before)
    told = change_of(last)
    assert (told["complete"], told["of"], last["reason"]) == (False, LONG, "client-gone")
    # Between us and the server's count lie the buffers of two or four sockets.
    assert len(body) <= told["bytes"] < LONG


def next_delivered(world: World, document: str, before: int, seconds: float = 10) -> asyncpg.Record:
    return eventually(lambda: events(world.instance, document, "document.delivered")[before:], seconds)[0]


def slow_download(world: World, person: Person, document: str) -> tuple[Wire, bytes]:
    """A download that has begun and whose reader dawdles."""
    wire = Wire(world.instance, receive_buffer_bytes=64 * 1024)
    wire.get(person, document)
    status, _, body = wire.head()
    assert status == 200
    more, _ = wire.read_slowly(0.5, MIB)
    return wire, body + more


def test_a_revoked_grant_ends_a_download_in_motion(world: World, document: str, long: bytes) -> None:
    grant = world.grant(world["paralegal"], ["pleadings"])
    before = len(events(world.instance, document, "document.delivered"))
    wire, body = slow_download(world, world["paralegal"], document)
    with wire:
        world["attorney"].client.call("POST", f"/v1/grants/{grant['id']}/revoke")
        last = next_delivered(world, document, before, seconds=allowed(2.5))
        body += wire.rest()
    assert long.startswith(body)
    assert len(body) < LONG
    told = change_of(last)
    assert (last["reason"], told["complete"]) == ("access-ended", False)
    assert len(body) <= told["bytes"] < LONG


def test_an_ended_session_ends_a_download_in_motion(world: World, document: str, long: bytes) -> None:
    person = signed_in_again(world, "attorney")
    before = len(events(world.instance, document, "document.delivered"))
    wire, body = slow_download(world, person, document)
    with wire:
        person.client.call("POST", "/v1/sign-out")
        last = next_delivered(world, document, before, seconds=allowed(2.5))
        body += wire.rest()
    person.client.close()
    assert long.startswith(body)
    assert len(body) < LONG
    assert (last["reason"], change_of(last)["complete"]) == ("session-ended", False)


def test_an_ended_session_ends_an_upload_in_motion(world: World, content: bytes) -> None:
    person = signed_in_again(world, "attorney")
    document, upload = new_upload(world, "cut.bin")
    with Wire(world.instance) as wire:
        wire.put(person, upload, SIZE)
        wire.send(content[: 9 * MIB])
        eventually(lambda: received_bytes(world.instance, upload))
        person.client.call("POST", "/v1/sign-out")
        status, headers, _ = wire.head()
    person.client.close()
    assert status == 401
    assert "redwell-event" in headers
    *_, last = events(world.instance, document, "document.received")
    assert (last["outcome"], last["reason"]) == ("failed", "session-ended")
    assert received_bytes(world.instance, upload) == 0
    assert segments(world.instance, document) == []


def signed_in_again(world: World, name: str) -> Person:
    """The same person in a session of its own."""
    known = world[name]
    client = world.instance.client()
    challenge = client.sign_in(known.email, known.password)
    world.instance.clock.advance(31)
    client.confirm_sign_in(challenge, known.code(world.instance.clock.now()))
    world.instance.clock.advance(31)  # that code is used up, and a renewal may want one
    return Person(client, known.email, known.id, known.organization, known.roles, known.secret)


def test_content_that_is_not_what_was_declared_becomes_no_version(world: World, content: bytes) -> None:
    digest = hashlib.sha256(content).hexdigest()
    document, upload = new_upload(world, "declared.bin", length_bytes=SIZE, sha256=digest)
    altered = content[:-1] + bytes([content[-1] ^ 1])
    assert put_content(world, upload, altered) == 422
    assert segments(world.instance, document) == []
    assert put_content(world, upload, content) == 200
    outcomes = [
        (row["outcome"], row["reason"]) for row in events(world.instance, document, "document.received")
    ]
    assert outcomes == [("info", None), ("failed", "digest-mismatch"), ("info", None), ("allowed", None)]


def test_the_log_is_whole_after_all_that(world: World, tmp_path: Path) -> None:
    assert check_ledger(world, tmp_path).events > 0
