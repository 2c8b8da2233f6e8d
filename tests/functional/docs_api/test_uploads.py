"""Uploads: what is declared must come, only the sender sends, and a broken attempt leaves nothing behind."""

import base64
import hashlib
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.functional.docs_api.moving import (
    begin,
    events_of,
    fetch_rows,
    open_put,
    status_of,
    wait_for_end,
    wait_for_rows,
)
from tests.harness.eventually import allowed
from tests.harness.people import Person, World, invite

CONTENT = b"the content that was meant"
MIB = 1024 * 1024


@pytest.fixture
def http(world: World) -> Iterator[httpx.Client]:
    with world.instance.http() as client:
        yield client


def _put(
    http: httpx.Client,
    person: Person,
    upload: str,
    content: bytes = CONTENT,
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    assert person.client.tokens is not None
    fixed = {
        "Authorization": f"Bearer {person.client.tokens.access}",
        "Content-Type": "application/octet-stream",
    }
    return http.put(f"/v1/uploads/{upload}/content", content=content, headers=fixed | (headers or {}))


def _field(content: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


@pytest.mark.parametrize(
    "declared",
    [{"length_bytes": len(CONTENT) + 1}, {"sha256": hashlib.sha256(b"other").hexdigest()}],
    ids=["length", "sha256"],
)
def test_content_that_was_not_declared_is_refused(
    world: World, http: httpx.Client, declared: dict[str, object]
) -> None:
    document, upload = begin(world, world["attorney"], declared)
    response = _put(http, world["attorney"], upload)
    assert (response.status_code, response.json()["type"].rpartition("/")[2]) == (422, "digest-mismatch")
    assert world["attorney"].client.call("GET", f"/v1/uploads/{upload}")["state"] == "open"
    listed = world["attorney"].client.documents(world.matter)
    assert document not in {row["id"] for row in listed}


@pytest.mark.parametrize("name", ["Repr-Digest", "Content-Digest"])
def test_a_digest_field_must_match(world: World, http: httpx.Client, name: str) -> None:
    _, upload = begin(world, world["attorney"])
    assert _put(http, world["attorney"], upload, headers={name: _field(b"other")}).status_code == 422
    assert _put(http, world["attorney"], upload, headers={name: "sha-256=nonsense"}).status_code == 422
    assert _put(http, world["attorney"], upload, headers={name: _field(CONTENT)}).status_code == 200


def test_after_a_failed_attempt_the_upload_takes_a_fresh_one_once(world: World, http: httpx.Client) -> None:
    document, upload = begin(
        world,
        world["attorney"],
        {"sha256": hashlib.sha256(CONTENT).hexdigest(), "length_bytes": len(CONTENT)},
    )
    assert _put(http, world["attorney"], upload, bytes(len(CONTENT))).status_code == 422
    assert _put(http, world["attorney"], upload).status_code == 200
    assert _put(http, world["attorney"], upload).status_code == 409
    outcomes = [(event["outcome"], event.get("reason")) for event in events_of(
        world.instance, document, "document.received"
    )]  # fmt: skip
    assert ("failed", "digest-mismatch") in outcomes
    assert [outcome for outcome, _ in outcomes].count("allowed") == 1
    assert outcomes.count(("info", None)) == 2


def test_only_the_sender_sends(world: World, http: httpx.Client) -> None:
    _, upload = begin(world, world["attorney"])
    staff = world["firm_staff"]
    place = f"/v1/matters/{world.matter}/people/{staff.id}"
    world["attorney"].client.call("PUT", place)
    assert _put(http, staff, upload).status_code == 404
    world["attorney"].client.call("DELETE", place)
    assert _put(http, world["other_attorney"], upload).status_code == 404


def test_a_client_that_vanishes_leaves_nothing(world: World) -> None:
    document, upload = begin(world, world["attorney"])
    connection = open_put(world.instance, world["attorney"], upload, 30 * MIB)
    connection.sendall(bytes(12 * MIB))
    wait_for_rows(
        world.instance,
        "SELECT 1 FROM segments s JOIN versions v ON v.id = s.version_id WHERE v.document_id = $1",
        document,
    )
    connection.close()
    end = wait_for_end(world.instance, document, "document.received", "client-gone")
    assert end["outcome"] == "failed"
    left = fetch_rows(
        world.instance,
        "SELECT v.state, count(s.ordinal) FROM versions v LEFT JOIN segments s ON v.id = s.version_id "
        "WHERE v.document_id = $1 GROUP BY 1",
        document,
    )
    assert [tuple(row) for row in left] == [("receiving", 0)]


def test_an_upload_has_one_sender_at_a_time(world: World, http: httpx.Client) -> None:
    document, upload = begin(world, world["attorney"])
    with open_put(world.instance, world["attorney"], upload, 10):
        events_of(world.instance, document, "document.received")
        response = _put(http, world["attorney"], upload)
        assert (response.status_code, response.headers["retry-after"]) == (423, "5")
    wait_for_end(world.instance, document, "document.received", "client-gone")
    assert _put(http, world["attorney"], upload).status_code == 200


def test_leaving_the_matter_ends_an_upload_within_two_seconds(world: World) -> None:
    staff, attorney = world["firm_staff"], world["attorney"]
    place = f"/v1/matters/{world.matter}/people/{staff.id}"
    attorney.client.call("PUT", place)
    document, upload = begin(world, staff)
    with open_put(world.instance, staff, upload, 30 * MIB) as connection:
        connection.sendall(bytes(MIB))
        events_of(world.instance, document, "document.received")
        attorney.client.call("DELETE", place)
        began = time.monotonic()
        assert status_of(connection) == 404
        assert time.monotonic() - began < allowed(2)
    wait_for_end(world.instance, document, "document.received", "access-ended")


def test_signing_out_ends_an_upload_within_two_seconds(world: World) -> None:
    person = invite(world.instance, world["firm_admin"], ["firm_staff"], "leaver")
    world["attorney"].client.call("PUT", f"/v1/matters/{world.matter}/people/{person.id}")
    document, upload = begin(world, person)
    with open_put(world.instance, person, upload, 30 * MIB) as connection:
        connection.sendall(bytes(MIB))
        events_of(world.instance, document, "document.received")
        person.client.call("POST", "/v1/sign-out")
        began = time.monotonic()
        assert status_of(connection) == 401
        assert time.monotonic() - began < allowed(2)
    person.client.close()
    wait_for_end(world.instance, document, "document.received", "session-ended")


def test_each_attempt_is_sealed_under_a_key_of_its_own(world: World, http: httpx.Client) -> None:
    document, upload = begin(world, world["attorney"], {"sha256": hashlib.sha256(CONTENT).hexdigest()})
    key = "SELECT wrapped_data_key FROM versions WHERE document_id = $1"
    keys = [fetch_rows(world.instance, key, document)[0][0]]
    for content in (b"wrong", CONTENT):
        _put(http, world["attorney"], upload, content)
        keys.append(fetch_rows(world.instance, key, document)[0][0])
    assert len(set(keys)) == 3
