"""Case files change: renamed, moved, reclassified, withdrawn, restored, and nothing of it forgotten."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from clients.python.redwell_client import ProblemError
from tests.functional.docs_api.moving import begin, events_of, fetch_rows, open_request, wait_for_end
from tests.harness.people import World
from tests.harness.stage import authorization


@pytest.fixture
def http(world: World) -> Iterator[httpx.Client]:
    with world.instance.http() as client:
        yield client


def _send(
    http: httpx.Client, world: World, path: str, body: object = None, if_match: str | None = None
) -> httpx.Response:
    tokens = world["attorney"].client.tokens
    assert tokens is not None
    headers = {"Authorization": f"Bearer {tokens.access}"}
    headers |= {} if if_match is None else {"If-Match": if_match}
    return http.request("POST" if body is None else "PATCH", path, json=body, headers=headers)


def _ids(world: World, person: str, **query: str) -> set[str]:
    return {row["id"] for row in world[person].client.documents(world.matter, **query)}


def test_a_document_is_renamed_moved_and_reclassified(world: World, tmp_path: Path) -> None:
    attorney = world["attorney"].client
    document = world.put(tmp_path, "first.txt", b"words")
    renamed = attorney.rename(document, "Second “name”.txt")
    moved = attorney.move(renamed, "Pleadings/Ωμέγα")
    last = attorney.reclassify(moved, "privileged")
    read = attorney.call("GET", f"/v1/documents/{document['id']}")
    assert read == last
    assert (read["name"], read["folder"], read["class_id"]) == (
        "Second “name”.txt", "Pleadings/Ωμέγα", "privileged",
    )  # fmt: skip
    assert read["version"] == document["version"]
    assert _ids(world, "attorney", name="Second “name”.txt", folder="Pleadings/Ωμέγα") == {document["id"]}
    assert document["id"] not in _ids(world, "attorney", name="first.txt")
    assert document["id"] not in _ids(world, "attorney", folder="Pleadings")
    assert document["id"] not in _ids(world, "attorney", folder="")


def test_nothing_is_overwritten(world: World, tmp_path: Path) -> None:
    attorney = world["attorney"].client
    document = world.put(tmp_path, "Draft for Aster.txt", b"words")
    attorney.change(attorney.rename(document, "Final.txt"), folder="Out", class_id="correspondence")
    history = list(attorney.history(document["id"]))
    assert [(row["fields"], row["before"]["name"]) for row in history] == [
        (["name"], "Draft for Aster.txt"),
        (["class_id", "folder"], "Final.txt"),
    ]
    assert [row["before"]["class_id"] for row in history] == ["pleadings", "pleadings"]
    assert [row["by"] for row in history] == [world["attorney"].id] * 2
    rows = fetch_rows(world.instance, "SELECT * FROM document_changes WHERE document_id = $1", document["id"])
    assert all(b"Draft" not in bytes(row["name_sealed"]) for row in rows)


def test_tags_and_a_note_are_kept_sealed_and_found(world: World, tmp_path: Path) -> None:
    attorney = world["attorney"].client
    document = world.put(tmp_path, "described.txt", b"words")
    assert (document["tags"], document["note"]) == ([], "")
    tags, note = ["Smoking Gun", "Ωμέγα"], "Line one\n\tline two"
    described = attorney.describe(document, tags=tags, note=note)
    assert attorney.call("GET", f"/v1/documents/{document['id']}") == described
    assert (described["tags"], described["note"]) == (tags, note)
    assert (
        _ids(world, "attorney", tag="Smoking Gun") == _ids(world, "attorney", tag="Ωμέγα") == {document["id"]}
    )
    assert _ids(world, "attorney", tag="smoking gun") == set()
    bare = attorney.describe(described, tags=[], note="")
    assert (bare["tags"], bare["note"], _ids(world, "attorney", tag="Smoking Gun")) == ([], "", set())
    assert [row["before"]["tags"] for row in attorney.history(document["id"])] == [[], tags]
    for table, column in (("documents", "id"), ("document_changes", "document_id")):
        rows = fetch_rows(
            world.instance, f"SELECT t::text FROM {table} t WHERE {column} = $1", document["id"]
        )
        assert not any(word.encode().hex() in row["t"] for row in rows for word in ("Smoking", "Line one"))
    assert "Smoking" not in json.dumps(events_of(world.instance, document["id"], "document.changed"))


def test_a_document_comes_with_its_tags_and_its_note(world: World) -> None:
    body = {"name": "a.txt", "class_id": "pleadings", "tags": ["Expert"], "note": "From the expert"}
    made = world["attorney"].client.call("POST", f"/v1/matters/{world.matter}/documents", body)
    upload = f"/v1/uploads/{made['upload']['id']}/content"
    with world.instance.http() as http:
        headers = authorization(world["attorney"]) | {"Content-Type": "application/octet-stream"}
        complete = http.put(upload, content=b"words", headers=headers).json()
    for view in (made["document"], complete):
        assert (view["tags"], view["note"]) == (["Expert"], "From the expert")


def test_the_log_tells_what_changed_without_a_name(world: World, tmp_path: Path) -> None:
    attorney = world["attorney"].client
    document = world.put(tmp_path, "Secret client.txt", b"words")
    attorney.change(document, name="Secret matter.txt", class_id="privileged")
    (event,) = events_of(world.instance, document["id"], "document.changed")
    assert event["change"] == {
        "fields": ["class_id", "name"],
        "revision": 2,
        "class_from": "pleadings",
        "class_to": "privileged",
    }
    assert "Secret" not in json.dumps(event)


def test_a_change_says_what_it_has_seen(world: World, http: httpx.Client, tmp_path: Path) -> None:
    document = world.put(tmp_path, "seen.txt", b"words")
    path = f"/v1/documents/{document['id']}"
    for act, body in (("", {"name": "other.txt"}), ("/withdraw", None), ("/restore", None)):
        absent = _send(http, world, path + act, body)
        stale = _send(http, world, path + act, body, '"999"')
        assert (absent.status_code, absent.json()["type"].rpartition("/")[2]) == (
            428,
            "precondition-required",
        )
        assert (stale.status_code, stale.json()["type"].rpartition("/")[2]) == (412, "precondition-failed")
    changed = _send(http, world, path, {"name": "other.txt"}, f'"{document["revision"]}"')
    assert (changed.status_code, changed.headers["etag"]) == (200, f'"{document["revision"] + 1}"')


def test_of_fifty_renames_at_once_one_wins(world: World, http: httpx.Client, tmp_path: Path) -> None:
    document = world.put(tmp_path, "contested.txt", b"words")
    path, seen = f"/v1/documents/{document['id']}", f'"{document["revision"]}"'
    with ThreadPoolExecutor(50) as pool:
        answers = list(
            pool.map(lambda n: _send(http, world, path, {"name": f"{n}.txt"}, seen).status_code, range(50))
        )
    assert sorted(answers) == [200] + [412] * 49
    assert len(list(world["attorney"].client.history(document["id"]))) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": None},
        {"name": ""},
        {"name": ".."},
        {"name": "a/b"},
        {"name": "x" * 256},
        {"name": "a\u202eb"},
        {"folder": "a//b"},
        {"folder": "/a"},
        {"folder": "../a"},
        {"tags": ["a", "a"]},
        {"tags": [" a"]},
        {"tags": [""]},
        {"tags": ["a\nb"]},
        {"tags": ["x" * 101]},
        {"tags": [str(number) for number in range(33)]},
        {"tags": "a"},
        {"note": "a\u202eb"},
        {"note": "x" * 4001},
        {"note": None},
        {"class_id": "no-such-class"},
        {"class_id": "NOT A SLUG"},
        {"state": "withdrawn"},
        {"matter_id": "x"},
        {"name": 7},
    ],
)
def test_a_change_that_cannot_be_is_refused(
    world: World, http: httpx.Client, tmp_path: Path, body: object
) -> None:
    document = world.put(tmp_path, "refused.txt", b"words")
    answer = _send(http, world, f"/v1/documents/{document['id']}", body, "*")
    assert answer.status_code == 422
    assert world["attorney"].client.call("GET", f"/v1/documents/{document['id']}") == document


def test_a_withdrawn_document_is_gone_for_all_but_the_matter(world: World, tmp_path: Path) -> None:
    attorney, paralegal = world["attorney"].client, world["paralegal"].client
    world.grant(world["paralegal"], ["pleadings"])
    document = world.put(tmp_path, "wrong matter.txt", b"words")
    paralegal.fetch(document["id"], tmp_path / "before")
    withdrawn = attorney.withdraw(document)
    assert withdrawn["state"] == "withdrawn"
    for person in ("attorney", "paralegal"):
        assert document["id"] not in _ids(world, person)
        with pytest.raises(ProblemError, match="404 not-found"):
            world[person].client.fetch(document["id"], tmp_path / "never")
        with pytest.raises(ProblemError, match="404 not-found"):
            list(world[person].client.versions(document["id"]))
    assert document["id"] in _ids(world, "attorney", state="withdrawn")
    assert _ids(world, "paralegal", state="withdrawn") == set()
    for path in ("", "/history"):
        with pytest.raises(ProblemError, match="404 not-found"):
            paralegal.call("GET", f"/v1/documents/{document['id']}{path}")
    assert attorney.call("GET", f"/v1/documents/{document['id']}") == withdrawn
    restored = attorney.restore(withdrawn)
    assert restored == document | {"revision": document["revision"] + 2}
    paralegal.fetch(document["id"], tmp_path / "after")
    kinds = ("document.withdrawn", "document.restored")
    assert [len(events_of(world.instance, document["id"], kind)) for kind in kinds] == [1, 1]
    assert [row["before"]["state"] for row in attorney.history(document["id"])] == ["active", "withdrawn"]


def test_withdrawing_ends_a_running_transfer(world: World, tmp_path: Path) -> None:
    document = world.put(tmp_path, "running.bin", bytes(40 * 1024 * 1024))
    path = f"GET /v1/documents/{document['id']}/content"
    with open_request(world.instance, world["attorney"], path, receive_bytes=65536) as connection:
        assert b" 200 " in connection.recv(4096)
        world["attorney"].client.withdraw(document)
        end = wait_for_end(world.instance, document["id"], "document.delivered", "access-ended")
    assert end["change"]["complete"] is False


def test_a_history_comes_in_pages(world: World, tmp_path: Path) -> None:
    attorney = world["attorney"].client
    document = world.put(tmp_path, "0.txt", b"words")
    for number in range(1, 4):
        document = attorney.rename(document, f"{number}.txt")
    path = f"/v1/documents/{document['id']}/history"
    rows = list(attorney.pages(path, limit="1"))
    assert [row["before"]["name"] for row in rows] == ["0.txt", "1.txt", "2.txt"]
    with pytest.raises(ProblemError, match="422 invalid-input"):
        attorney.call("GET", path, cursor="MA")


def test_a_withdrawn_document_must_be_restored_first(world: World, tmp_path: Path) -> None:
    attorney = world["attorney"].client
    document = world.put(tmp_path, "twice.txt", b"words")
    with pytest.raises(ProblemError, match="409 document-not-withdrawn"):
        attorney.restore(document)
    upload = attorney.call("POST", f"/v1/documents/{document['id']}/versions", {})["upload"]
    withdrawn = attorney.withdraw(document)
    refused: list[Callable[[], object]] = [
        lambda: attorney.withdraw(withdrawn),
        lambda: attorney.rename(withdrawn, "x.txt"),
        lambda: attorney.put_version(document["id"], tmp_path / "twice.txt"),
        lambda: attorney.send(upload, tmp_path / "twice.txt"),
    ]
    for act in refused:
        with pytest.raises(ProblemError, match="409 document-withdrawn"):
            act()


def test_only_people_on_the_matter_change_its_documents(world: World, tmp_path: Path) -> None:
    world.grant(world["paralegal"], ["pleadings"])
    document = world.put(tmp_path, "theirs.txt", b"words")
    with pytest.raises(ProblemError, match="403 forbidden"):
        world["paralegal"].client.rename(document, "x.txt")
    for person in ("firm_staff", "other_attorney"):
        for refused in (world[person].client.withdraw, world[person].client.restore):
            with pytest.raises(ProblemError, match="404 not-found"):
                refused(document)
    unfinished, _ = begin(world, world["attorney"])
    with pytest.raises(ProblemError, match="404 not-found"):
        world["attorney"].client.rename({"id": unfinished, "revision": 0}, "x.txt")


def test_a_change_that_changes_nothing_makes_no_revision(world: World, tmp_path: Path) -> None:
    document = world.put(tmp_path, "same.txt", b"words")
    assert world["attorney"].client.rename(document, "same.txt") == document
    assert list(world["attorney"].client.history(document["id"])) == []
