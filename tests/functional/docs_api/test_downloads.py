"""Downloads: damage never yields a complete answer, access is asked again on the way, the end is recorded."""

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.functional.docs_api.moving import events_of, fetch_rows, open_request, wait_for_end
from tests.harness.calls import stored_event
from tests.harness.eventually import allowed
from tests.harness.people import Person, World

MIB = 1024 * 1024
TWO_SEGMENTS = os.urandom(8 * MIB + 70_000)


@pytest.fixture
def http(world: World) -> Iterator[httpx.Client]:
    with world.instance.http() as client:
        yield client


def _fetch(http: httpx.Client, person: Person, document: str, method: str = "GET") -> httpx.Response:
    assert person.client.tokens is not None
    headers = {"Authorization": f"Bearer {person.client.tokens.access}"}
    return http.request(method, f"/v1/documents/{document}/content", headers=headers)


def _objects(world: World, document: str) -> list[Path]:
    """The files of a document's segments, in their order."""
    rows = fetch_rows(
        world.instance,
        "SELECT object_key FROM segments s JOIN versions v ON v.id = s.version_id "
        "WHERE v.document_id = $1 ORDER BY ordinal",
        document,
    )
    return [world.instance.objects / row[0][0] / row[0][1] / row[0] for row in rows]


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


DAMAGES: dict[str, Callable[[Path], Any]] = {
    "flipped": _flip,
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "extended": lambda path: path.write_bytes(path.read_bytes() + b"\0"),
    "emptied": lambda path: path.write_bytes(b""),
    "removed": Path.unlink,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_beginning_yields_nothing(
    world: World, http: httpx.Client, tmp_path: Path, damage: str
) -> None:
    document = world.put(tmp_path, "damaged.bin", b"x" * 1000)["id"]
    DAMAGES[damage](_objects(world, document)[0])
    response = _fetch(http, world["attorney"], document)
    assert (response.status_code, response.json()["type"].rpartition("/")[2]) == (500, "integrity-failure")
    event = asyncio.run(stored_event(world.instance, response.headers["redwell-event"]))
    assert event is not None
    assert (event["type"], event["outcome"]) == ("document.integrity", "failed")


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_further_on_breaks_the_answer(
    world: World, http: httpx.Client, tmp_path: Path, damage: str
) -> None:
    document = world.put(tmp_path, "damaged.bin", TWO_SEGMENTS)["id"]
    DAMAGES[damage](_objects(world, document)[1])
    with pytest.raises(httpx.RemoteProtocolError):
        _fetch(http, world["attorney"], document)
    assert events_of(world.instance, document, "document.integrity")[0]["outcome"] == "failed"
    end = wait_for_end(world.instance, document, "document.delivered", "integrity-failure")
    assert end["change"] == {"bytes": 8 * MIB, "of": len(TWO_SEGMENTS), "complete": False}


def test_swapped_objects_do_not_open(world: World, http: httpx.Client, tmp_path: Path) -> None:
    documents = [world.put(tmp_path, f"{name}.bin", name.encode() * 9)["id"] for name in ("one", "two")]
    one, two = (_objects(world, document)[0] for document in documents)
    content = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(content)
    for document in documents:
        assert _fetch(http, world["attorney"], document).status_code == 500


def test_a_missing_row_is_found_before_anything_is_served(
    world: World, http: httpx.Client, tmp_path: Path
) -> None:
    document = world.put(tmp_path, "rows.bin", TWO_SEGMENTS)["id"]
    fetch_rows(
        world.instance,
        "DELETE FROM segments WHERE ordinal = 1 AND version_id = "
        "(SELECT id FROM versions WHERE document_id = $1)",
        document,
    )
    assert _fetch(http, world["attorney"], document).status_code == 500


@pytest.mark.parametrize("name", ['He said "no".pdf', "договор 契約.pdf", "100% sure; v2.pdf", "a'b*c.pdf"])
def test_any_name_goes_out_in_one_safe_header(
    world: World, http: httpx.Client, tmp_path: Path, name: str
) -> None:
    document = world.put(tmp_path, name, b"content")
    response = _fetch(http, world["attorney"], document["id"])
    assert response.headers.get_list("content-disposition") == [response.headers["content-disposition"]]
    assert response.headers["content-disposition"].startswith('attachment; filename="')
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["accept-ranges"] == "bytes"
    assert "sandbox" in response.headers["content-security-policy"]
    assert response.headers["etag"] == f'"{document["version"]["sha256"]}"'


def test_head_tells_the_same_and_hands_over_nothing(world: World, http: httpx.Client, tmp_path: Path) -> None:
    document = world.put(tmp_path, "head.txt", b"content")["id"]
    head = _fetch(http, world["attorney"], document, "HEAD")
    assert (head.status_code, head.content) == (200, b"")
    got = _fetch(http, world["attorney"], document)
    for name in ("content-length", "content-disposition", "etag", "repr-digest", "content-type"):
        assert head.headers[name] == got.headers[name]
    assert len(events_of(world.instance, document, "document.fetched")) == 1


def test_a_whole_delivery_is_on_record(world: World, http: httpx.Client, tmp_path: Path) -> None:
    document = world.put(tmp_path, "whole.txt", b"content")
    assert _fetch(http, world["attorney"], document["id"]).content == b"content"
    fetched = events_of(world.instance, document["id"], "document.fetched")[0]
    assert fetched["content"] == {"sha256": document["version"]["sha256"], "len": 7}
    end = events_of(world.instance, document["id"], "document.delivered")[0]
    assert (end["outcome"], end["change"]) == ("info", {"bytes": 7, "of": 7, "complete": True})


def test_a_client_that_goes_away_is_on_record(world: World, tmp_path: Path) -> None:
    document = world.put(tmp_path, "left.bin", bytes(40 * MIB))["id"]
    path = f"GET /v1/documents/{document}/content"
    with open_request(world.instance, world["attorney"], path, receive_bytes=65536) as connection:
        assert b" 200 " in connection.recv(4096)
    end = wait_for_end(world.instance, document, "document.delivered", "client-gone")
    assert end["change"]["complete"] is False
    assert end["change"]["bytes"] < 40 * MIB


def test_revoking_ends_a_running_transfer_within_two_seconds(world: World, tmp_path: Path) -> None:
    document = world.put(tmp_path, "slow.bin", bytes(60 * MIB), "privileged")["id"]
    grant = world.grant(world["paralegal"], ["privileged"])
    path = f"GET /v1/documents/{document}/content"
    with open_request(world.instance, world["paralegal"], path, receive_bytes=65536) as connection:
        assert b" 200 " in connection.recv(4096)
        world["attorney"].client.call("POST", f"/v1/grants/{grant['id']}/revoke")
        began = time.monotonic()
        end = wait_for_end(world.instance, document, "document.delivered", "access-ended")
        assert time.monotonic() - began < allowed(2.5)
        assert end["change"]["complete"] is False
