"""Ranges and conditions over HTTP: exactly the bytes, only the needed segments, all of it evidence."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.functional.docs_api.moving import events_of, fetch_rows, wait_for_end
from tests.harness.calls import stored_event
from tests.harness.people import World

SEGMENT = 8 * 1024 * 1024
CONTENT = os.urandom(2 * SEGMENT + 70_000)
SIZE = len(CONTENT)


@pytest.fixture(scope="module")
def document(world: World, tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(world.put(tmp_path_factory.mktemp("ranges"), "ranges.bin", CONTENT)["id"])


@pytest.fixture
def http(world: World) -> Iterator[httpx.Client]:
    with world.instance.http() as client:
        yield client


def _get(
    http: httpx.Client, world: World, document: str, method: str = "GET", **fields: str
) -> httpx.Response:
    tokens = world["attorney"].client.tokens
    assert tokens is not None
    headers = {"Authorization": f"Bearer {tokens.access}"}
    headers |= {name.replace("_", "-"): value for name, value in fields.items()}
    return http.request(method, f"/v1/documents/{document}/content", headers=headers)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (0, 0),
        (SEGMENT - 1, SEGMENT),
        (SEGMENT, 2 * SEGMENT - 1),
        (SEGMENT + 300_000, SEGMENT + 900_000),
        (2 * SEGMENT, SIZE - 1),
        (0, SIZE - 1),
    ],
)
def test_a_range_is_exactly_its_bytes(
    world: World, http: httpx.Client, document: str, first: int, last: int
) -> None:
    answer = _get(http, world, document, range=f"bytes={first}-{last}")
    assert answer.status_code == 206
    assert answer.content == CONTENT[first : last + 1]
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{SIZE}"
    assert answer.headers["content-length"] == str(last - first + 1)
    assert answer.headers["accept-ranges"] == "bytes"
    digest = hashlib.sha256(CONTENT)
    assert answer.headers["etag"] == f'"{digest.hexdigest()}"'
    assert answer.headers["repr-digest"] == _get(http, world, document, "HEAD").headers["repr-digest"]


def test_the_log_says_which_bytes_were_handed_over(world: World, http: httpx.Client, tmp_path: Path) -> None:
    document = world.put(tmp_path, "logged.txt", b"0123456789")["id"]
    _get(http, world, document, range="bytes=2-4")
    fetched = events_of(world.instance, document, "document.fetched")[0]
    assert (fetched["content"]["range"], fetched["content"]["len"]) == ("2-4", 10)
    end = events_of(world.instance, document, "document.delivered")[0]
    assert end["change"] == {"bytes": 3, "of": 3, "complete": True}


@pytest.mark.parametrize("field", ["bytes=0-1,4-5", "bytes=5-4", "lines=1-2", f"bytes=0-{10**19}"])
def test_what_is_no_single_range_gets_all(
    world: World, http: httpx.Client, tmp_path: Path, field: str
) -> None:
    document = world.put(tmp_path, "all.txt", b"0123456789")["id"]
    answer = _get(http, world, document, range=field)
    assert (answer.status_code, answer.content) == (200, b"0123456789")


async def test_a_range_behind_the_end_is_refused(world: World, http: httpx.Client, tmp_path: Path) -> None:
    document = world.put(tmp_path, "short.txt", b"0123456789")["id"]
    answer = _get(http, world, document, range="bytes=10-")
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */10")
    assert answer.json()["type"].endswith("/range-not-satisfiable")
    event = await stored_event(world.instance, answer.headers["redwell-event"])
    assert event is not None
    assert (event["outcome"], event["reason"]) == ("denied", "range-not-satisfiable")


def test_a_range_of_something_else_gets_all(world: World, http: httpx.Client, tmp_path: Path) -> None:
    content = world.put(tmp_path, "if-range.txt", b"0123456789")
    etag = f'"{content["version"]["sha256"]}"'
    assert _get(http, world, content["id"], range="bytes=1-2", if_range=etag).content == b"12"
    answer = _get(http, world, content["id"], range="bytes=1-2", if_range='"old"')
    assert (answer.status_code, answer.content) == (200, b"0123456789")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_who_has_it_is_told_so(world: World, http: httpx.Client, tmp_path: Path, method: str) -> None:
    document = world.put(tmp_path, "known.txt", b"0123456789")
    etag = f'"{document["version"]["sha256"]}"'
    answer = _get(http, world, document["id"], method, if_none_match=f'"x", {etag}')
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    assert await stored_event(world.instance, answer.headers["redwell-event"]) is not None
    other = _get(http, world, document["id"], method, if_none_match='"x"', if_match=etag)
    assert other.status_code == 200
    if method == "GET":
        failed = _get(http, world, document["id"], if_match='"x"')
        assert failed.status_code == 412


def test_only_the_needed_segments_are_opened(world: World, http: httpx.Client, tmp_path: Path) -> None:
    """The first segment is damaged; a range behind it comes whole, one that touches it does not."""
    document = world.put(tmp_path, "damaged.bin", CONTENT)["id"]
    (row,) = fetch_rows(
        world.instance,
        "SELECT object_key FROM segments s JOIN versions v ON v.id = s.version_id "
        "WHERE v.document_id = $1 AND ordinal = 0",
        document,
    )
    path = world.instance.objects / row[0][0] / row[0][1] / row[0]
    path.write_bytes(path.read_bytes()[:-1])
    answer = _get(http, world, document, range=f"bytes={SEGMENT}-")
    assert (answer.status_code, answer.content) == (206, CONTENT[SEGMENT:])
    assert _get(http, world, document, range=f"bytes={SEGMENT - 1}-").status_code == 500
    end = wait_for_end(world.instance, document, "document.delivered", "integrity-failure")
    assert end["change"]["of"] == SIZE - SEGMENT + 1
