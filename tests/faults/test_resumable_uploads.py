"""Resumable uploads through `kill -9`, a store that fails, and objects that were altered."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.harness.eventually import allowed, eventually
from tests.harness.outage import kill_workers
from tests.harness.people import World
from tests.harness.resumable import Upload, begun, newest, patch, wait_until_verified
from tests.harness.rows import events, rows, segments
from tests.harness.stage import MIB, content_of, staged
from tests.harness.wire import Wire

SIZE, LITTLE = 20 * MIB, 300_000


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with staged("embedded") as built:
        yield built


@pytest.fixture
def http(world: World) -> Iterator[httpx.Client]:
    with world.instance.http() as client:
        yield client


def received(world: World) -> int:
    newest_first = "SELECT received_bytes FROM uploads ORDER BY id DESC LIMIT 1"
    return int(rows(world.instance, newest_first)[0][0])


def begin_to_send(world: World, wire: Wire, upload: Upload, content: bytes) -> None:
    """The head of a request for all of `content`, and the first part of it."""
    patch(wire, world["attorney"], upload, len(content))
    wire.send(content[: 9 * MIB])


def test_other_bytes_may_follow_what_was_acknowledged_before_a_kill(
    world: World, http: httpx.Client, tmp_path: Path
) -> None:
    first, other = content_of("first", SIZE), content_of("other", SIZE)
    upload = begun(world, http, world["attorney"], SIZE)
    document = newest(world, world["attorney"])
    with Wire(world.instance) as wire:
        begin_to_send(world, wire, upload, first)
        eventually(lambda: received(world))
        kill_workers(world.instance)
    with world.instance.http() as again:
        resumed = Upload(again, upload.url)
        offset = resumed.offset
        assert offset == 8 * MIB
        world.instance.clock.advance(7)  # the lease of the process that is no more
        assert resumed.patch(offset, other[offset:]).status_code == 204
    kill_workers(world.instance)  # in the midst of verifying, or before, or after
    world.instance.clock.advance(31)
    wait_until_verified(world, document)
    world["attorney"].client.fetch(document, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == first[:offset] + other[offset:]
    salts = [bytes(found["salt"]) for found in segments(world.instance, document)]
    assert len(set(salts)) == len(salts) == 3


def sent_in_part(world: World, wire: Wire, upload: Upload, content: bytes) -> None:
    """A request that has brought a segment and a bit, and whose line stays open."""
    begin_to_send(world, wire, upload, content)
    eventually(lambda: received(world))


def test_two_requests_at_once_are_one_that_goes_on_and_one_that_changes_nothing(
    world: World, http: httpx.Client, tmp_path: Path
) -> None:
    content, other = content_of("one at a time", SIZE), content_of("meanwhile", SIZE)
    upload = begun(world, http, world["attorney"], SIZE)
    document = newest(world, world["attorney"])
    with Wire(world.instance) as wire:
        sent_in_part(world, wire, upload, content)
        # However slow this machine is, the first is not silent for long enough to be taken for gone.
        lengthened = (
            "UPDATE uploads SET lease_expires_at = lease_expires_at + interval '1 hour' WHERE state = 'open'"
        )
        rows(world.instance, lengthened)
        known = segments(world.instance, document)
        refused = upload.patch(8 * MIB, other[8 * MIB :])
        assert (refused.status_code, int(refused.headers["retry-after"]) > 0) == (423, True)
        assert upload.delete().status_code == 423
        assert (upload.offset, segments(world.instance, document)) == (8 * MIB, known)
        wire.send(content[9 * MIB :])
        status, headers, _ = wire.head()
    assert (status, headers["upload-offset"]) == (204, str(SIZE))
    wait_until_verified(world, document)
    world["attorney"].client.fetch(document, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == content


def test_a_line_that_died_silently_keeps_its_client_out_for_seconds_only(
    world: World, http: httpx.Client, tmp_path: Path
) -> None:
    content, other = content_of("silent", SIZE), content_of("went on", SIZE)
    upload = begun(world, http, world["attorney"], SIZE)
    document = newest(world, world["attorney"])
    with Wire(world.instance) as wire:
        sent_in_part(world, wire, upload, content)
        answer = eventually(lambda: taken(upload, 8 * MIB, other[8 * MIB : 8 * MIB + LITTLE]), allowed(15))
        assert answer.headers["upload-offset"] == str(8 * MIB + LITTLE)
        status, _, body = wire.head()
        assert (status, b"/upload-busy" in body + wire.rest()) == (423, True)
    reasons = {event["reason"] for event in events(world.instance, document, "document.received")}
    assert "taken-over" in reasons
    assert upload.patch(8 * MIB + LITTLE, other[8 * MIB + LITTLE :]).status_code == 204
    wait_until_verified(world, document)
    world["attorney"].client.fetch(document, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == content[: 8 * MIB] + other[8 * MIB :]
    salts = [bytes(found["salt"]) for found in segments(world.instance, document)]
    assert len(set(salts)) == len(salts) == 4


def taken(upload: Upload, offset: int, content: bytes) -> httpx.Response | None:
    answer = upload.patch(offset, content)
    assert answer.status_code in {204, 423}
    return answer if answer.status_code == 204 else None


def test_a_store_that_fails_takes_nothing_and_the_upload_goes_on(
    world: World, http: httpx.Client, tmp_path: Path
) -> None:
    content = content_of("store", SIZE)
    upload = begun(world, http, world["attorney"], SIZE)
    document = newest(world, world["attorney"])
    assert upload.patch(0, content[:MIB]).status_code == 204
    objects, away = world.instance.objects, world.instance.objects.with_name("away")
    objects.rename(away)
    try:
        assert upload.patch(MIB, content[MIB:]).status_code == 503
    finally:
        if objects.exists():
            objects.rename(objects.with_name("made meanwhile"))
        away.rename(objects)
    assert upload.offset == MIB
    assert upload.patch(MIB, content[MIB:]).status_code == 204
    wait_until_verified(world, document)
    world["attorney"].client.fetch(document, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == content


def test_an_object_that_is_not_what_was_stored_rejects_the_version(world: World, http: httpx.Client) -> None:
    upload = begun(world, http, world["attorney"], 2 * MIB)
    document = newest(world, world["attorney"])
    assert upload.patch(0, content_of("good", MIB)).status_code == 204
    (found,) = segments(world.instance, document)
    (path,) = world.instance.objects.rglob(found["object_key"])
    sealed = bytearray(path.read_bytes())
    sealed[100] ^= 1
    path.chmod(0o600)
    path.write_bytes(sealed)
    assert upload.patch(MIB, content_of("rest", MIB)).status_code == 204
    wait_until_verified(world, document, "rejected")
