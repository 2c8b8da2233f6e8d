"""Archives that cannot be whole: refused before they begin, or cut so that nobody takes them for whole."""

import io
import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.functional.docs_api.moving import events_of, fetch_rows, open_request, wait_for_end
from tests.harness.people import World, matter_body
from tests.harness.stage import LONG, MIB, authorization, content_of, staged

LIMIT_BYTES = LONG + 20 * MIB


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    limits = {
        "REDWELL_ARCHIVE_LIMIT_DOCUMENTS": "3",
        "REDWELL_ARCHIVE_LIMIT_BYTES": str(LIMIT_BYTES),
    }
    with staged("embedded", **limits) as built:
        yield built


@pytest.fixture
def http(world: World) -> Iterator[httpx.Client]:
    with world.instance.http() as client:
        yield client


class Case:
    """A matter with documents named a, b, c … of these contents, each of the class of its place."""

    def __init__(self, world: World, folder: Path, *contents: bytes) -> None:
        self.world = world
        attorney = world["attorney"]
        self.matter = attorney.client.call("POST", "/v1/matters", matter_body(attorney.id))["id"]
        self.ids = []
        for name, class_id, content in zip("abcde", ("pleadings", "privileged") * 3, contents, strict=False):
            (folder / name).write_bytes(content)
            self.ids.append(attorney.client.put(self.matter, folder / name, class_id)["id"])

    @property
    def path(self) -> str:
        return f"/v1/matters/{self.matter}/archive"

    def ask(self, http: httpx.Client) -> httpx.Response:
        return http.get(self.path, headers=authorization(self.world["attorney"]))

    def object_of(self, document: str, ordinal: int = 0) -> Path:
        rows = fetch_rows(
            self.world.instance,
            "SELECT object_key FROM segments s JOIN versions v ON v.id = s.version_id "
            "WHERE v.document_id = $1 AND ordinal = $2",
            UUID(document),
            ordinal,
        )
        key = rows[0]["object_key"]
        return Path(self.world.instance.objects, key[0], key[1], key)

    def recorded(self, kind: str) -> int:
        (row,) = fetch_rows(
            self.world.instance,
            "SELECT count(*) FROM events WHERE type = $1 AND matter_id = $2",
            kind,
            UUID(self.matter),
        )
        return int(row[0])


def _slug(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


def test_one_document_too_many_is_refused(world: World, http: httpx.Client, tmp_path: Path) -> None:
    case = Case(world, tmp_path, b"a", b"b", b"c", b"d")
    answer = case.ask(http)
    assert _slug(answer) == (422, "archive-too-large")
    assert (answer.json()["documents"], answer.json()["bytes"]) == (3, LIMIT_BYTES)
    assert case.recorded("document.fetched") == 0


def _remove(case: Case, document: str) -> None:
    case.object_of(document).unlink()


def _truncate(case: Case, document: str) -> None:
    path = case.object_of(document)
    path.write_bytes(path.read_bytes()[:-1])


def _alter_key(case: Case, document: str) -> None:
    fetch_rows(
        case.world.instance,
        "UPDATE versions SET wrapped_data_key = wrapped_data_key || '\\x00' WHERE document_id = $1",
        UUID(document),
    )


def _drop_row(case: Case, document: str) -> None:
    fetch_rows(
        case.world.instance,
        "DELETE FROM segments s USING versions v WHERE v.id = s.version_id AND v.document_id = $1",
        UUID(document),
    )


@pytest.mark.parametrize("damage", [_remove, _truncate, _alter_key, _drop_row])
def test_damage_that_can_be_seen_is_seen_before_anything_is_promised(
    world: World, http: httpx.Client, tmp_path: Path, damage: Any
) -> None:
    case = Case(world, tmp_path, b"a", b"b", b"c")
    damage(case, case.ids[2])
    answer = case.ask(http)
    assert _slug(answer) == (500, "integrity-failure")
    assert answer.headers["content-type"] == "application/problem+json"
    (event,) = events_of(world.instance, case.ids[2], "document.integrity")
    assert answer.headers["redwell-event"].startswith(event["id"])
    assert case.recorded("document.fetched") == 0


def test_damage_in_the_first_segment_is_found_before_the_answer_begins(
    world: World, http: httpx.Client, tmp_path: Path
) -> None:
    case = Case(world, tmp_path, b"first", b"second")
    _flip(case.object_of(case.ids[0]))
    answer = case.ask(http)
    assert _slug(answer) == (500, "integrity-failure")
    (event,) = events_of(world.instance, case.ids[0], "document.integrity")
    assert answer.headers["redwell-event"].startswith(event["id"])
    for document in case.ids:
        end = wait_for_end(world.instance, document, "document.delivered", "integrity-failure")
        assert (end["change"]["bytes"], end["change"]["complete"]) == (0, False)


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_damage_further_on_leaves_no_archive(world: World, http: httpx.Client, tmp_path: Path) -> None:
    first = os.urandom(1000)
    case = Case(world, tmp_path, first, os.urandom(8 * MIB + 70_000), b"never reached")
    _flip(case.object_of(case.ids[1], 1))
    received = bytearray()
    with http.stream("GET", case.path, headers=authorization(world["attorney"])) as answer:
        chunks = answer.iter_raw()
        with pytest.raises(httpx.TransportError):
            _drain(chunks, received)
    assert 0 < len(received) < int(answer.headers["content-length"])
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(received))
    end = wait_for_end(world.instance, case.ids[1], "document.delivered", "integrity-failure")
    assert (end["change"]["bytes"], end["change"]["complete"]) == (8 * MIB, False)
    (whole,) = events_of(world.instance, case.ids[0], "document.delivered")
    assert (whole["change"]["bytes"], whole["change"]["complete"]) == (len(first), True)
    (none,) = events_of(world.instance, case.ids[2], "document.delivered")
    assert (none["change"]["bytes"], none["change"]["complete"]) == (0, False)


def test_one_document_that_may_no_longer_be_read_ends_the_archive(world: World, tmp_path: Path) -> None:
    case = Case(world, tmp_path, content_of("long", LONG), b"small")
    attorney, paralegal = world["attorney"].client, world["paralegal"]
    grants = [
        attorney.call(
            "POST",
            f"/v1/matters/{case.matter}/grants",
            {
                "member_id": paralegal.id,
                "engagement_id": world.engagement,
                "classes": [class_id],
                "ends_at": "2030-01-01T00:00:00Z",
                "purpose": "Review",
            },
        )["id"]
        for class_id in ("pleadings", "privileged")
    ]
    with open_request(world.instance, paralegal, f"GET {case.path}", receive_bytes=65536) as connection:
        assert b" 200 " in connection.recv(4096)
        attorney.call("POST", f"/v1/grants/{grants[1]}/revoke")
        end = wait_for_end(world.instance, case.ids[1], "document.delivered", "access-ended")
    assert (end["change"]["bytes"], end["change"]["complete"]) == (0, False)
    (long,) = events_of(world.instance, case.ids[0], "document.delivered")
    assert 0 < long["change"]["bytes"] < LONG


def test_a_client_that_goes_away_is_on_record(world: World, tmp_path: Path) -> None:
    case = Case(world, tmp_path, content_of("left", LONG))
    with open_request(
        world.instance, world["attorney"], f"GET {case.path}", receive_bytes=65536
    ) as connection:
        assert b" 200 " in connection.recv(4096)
    end = wait_for_end(world.instance, case.ids[0], "document.delivered", "client-gone")
    assert end["change"]["bytes"] < LONG
    (row,) = fetch_rows(
        world.instance,
        "SELECT body FROM events WHERE type = 'archive.delivered' AND matter_id = $1",
        UUID(case.matter),
    )
    assert json.loads(row["body"])["reason"] == "client-gone"


def _drain(chunks: Iterator[bytes], received: bytearray) -> None:
    for chunk in chunks:
        received += chunk
