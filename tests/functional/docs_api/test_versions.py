"""New versions: numbered, the old ones kept and fetchable by whoever may read the document."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from clients.python.redwell_client import ProblemError
from tests.functional.docs_api.moving import events_of
from tests.harness.people import World

NOT_A_NUMBER = "0192f0c1-0000-7000-8000-000000000001"


def _put_version(world: World, folder: Path, document: str, content: bytes) -> dict[str, object]:
    path = folder / "version"
    path.write_bytes(content)
    return world["attorney"].client.put_version(document, path)


def test_a_new_version_keeps_the_document_and_the_old_one(world: World, tmp_path: Path) -> None:
    attorney, paralegal = world["attorney"].client, world["paralegal"].client
    world.grant(world["paralegal"], ["correspondence"])
    first = world.put(tmp_path, "Letter.txt", b"first", "correspondence")
    second = _put_version(world, tmp_path, first["id"], b"second")
    kept = ("id", "name", "folder", "class_id", "created_at", "created_by")
    assert {name: second[name] for name in kept} == {name: first[name] for name in kept}
    assert second["revision"] == first["revision"] + 1
    for client in (attorney, paralegal):
        rows = list(client.versions(first["id"]))
        assert [(row["number"], row["length_bytes"]) for row in rows] == [(1, 5), (2, 6)]
        client.fetch(first["id"], tmp_path / "newest")
        assert (tmp_path / "newest").read_bytes() == b"second"
        digest = client.fetch(first["id"], tmp_path / "old", version=1)
        assert digest == rows[0]["sha256"] == hashlib.sha256(b"first").hexdigest()
    created = events_of(world.instance, first["id"], "document.version.created")
    assert [event["change"]["number"] for event in created] == [2]
    fetched = events_of(world.instance, first["id"], "document.fetched")
    assert {event["object"]["version"] for event in fetched} == {row["id"] for row in rows}


def test_versions_come_in_pages(world: World, tmp_path: Path) -> None:
    document = world.put(tmp_path, "paged.txt", b"1")["id"]
    for content in (b"2", b"3"):
        _put_version(world, tmp_path, document, content)
    rows = list(world["attorney"].client.pages(f"/v1/documents/{document}/versions", limit="1"))
    assert [row["number"] for row in rows] == [1, 2, 3]
    for cursor in ("x", "MA", "LTE"):
        with pytest.raises(ProblemError, match="422 invalid-input"):
            world["attorney"].client.call("GET", f"/v1/documents/{document}/versions", cursor=cursor)


def test_until_a_version_is_complete_the_old_one_stands(world: World, tmp_path: Path) -> None:
    attorney = world["attorney"].client
    document = world.put(tmp_path, "stands.txt", b"one")
    made = attorney.call("POST", f"/v1/documents/{document['id']}/versions", {})
    assert (made["number"], made["upload"]["document_id"]) == (2, document["id"])
    assert attorney.call("GET", f"/v1/documents/{document['id']}") == document
    with pytest.raises(ProblemError, match="404 not-found"):
        attorney.fetch(document["id"], tmp_path / "never", version=2)


def test_a_version_that_took_longer_does_not_become_the_newest(world: World, tmp_path: Path) -> None:
    attorney = world["attorney"].client
    document = world.put(tmp_path, "late.txt", b"one")["id"]
    uploads = [
        attorney.call("POST", f"/v1/documents/{document}/versions", {})["upload"] for _ in ("two", "three")
    ]
    for upload, content in reversed(list(zip(uploads, (b"two", b"three"), strict=True))):
        path = tmp_path / "late"
        path.write_bytes(content)
        attorney.send(upload, path)
    attorney.fetch(document, tmp_path / "newest")
    assert (tmp_path / "newest").read_bytes() == b"three"
    attorney.fetch(document, tmp_path / "second", version=2)
    assert (tmp_path / "second").read_bytes() == b"two"


def test_versions_made_at_once_have_each_their_number(world: World, tmp_path: Path) -> None:
    attorney = world["attorney"].client
    document = world.put(tmp_path, "parallel.txt", b"one")["id"]
    with ThreadPoolExecutor(10) as pool:
        made = pool.map(
            lambda _: attorney.call("POST", f"/v1/documents/{document}/versions", {})["number"], range(10)
        )
    assert sorted(made) == list(range(2, 12))


@pytest.mark.parametrize("number", ["0", "-1", "01", "x", "9999999999", NOT_A_NUMBER])
def test_a_number_that_is_none_is_not_there(world: World, tmp_path: Path, number: str) -> None:
    document = world.put(tmp_path, "numbers.txt", b"one")["id"]
    for method in ("GET", "HEAD"):
        with pytest.raises(ProblemError, match="404"):
            world["attorney"].client.call(method, f"/v1/documents/{document}/versions/{number}/content")


@pytest.mark.parametrize(
    "body", [{"length_bytes": -1}, {"sha256": "x"}, {"name": "x"}, {"number": 9}, {"length_bytes": True}]
)
def test_a_version_that_cannot_be_is_refused(world: World, tmp_path: Path, body: object) -> None:
    document = world.put(tmp_path, "refused.txt", b"one")["id"]
    with pytest.raises(ProblemError, match="422 invalid-input"):
        world["attorney"].client.call("POST", f"/v1/documents/{document}/versions", body)
    with pytest.raises(ProblemError, match="413 too-large"):
        world["attorney"].client.call(
            "POST", f"/v1/documents/{document}/versions", {"length_bytes": 2**53 - 1}
        )


def test_others_make_no_versions(world: World, tmp_path: Path) -> None:
    document = world.put(tmp_path, "theirs.txt", b"one")["id"]
    for person, refusal in (("paralegal", "403"), ("firm_staff", "404"), ("other_attorney", "404")):
        with pytest.raises(ProblemError, match=refusal):
            world[person].client.put_version(document, tmp_path / "theirs.txt")
