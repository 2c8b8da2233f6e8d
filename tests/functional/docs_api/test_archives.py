"""A set of documents: its manifest page by page, and the archive that holds it, whole and as announced."""

import hashlib
import io
import json
import os
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.functional.docs_api.moving import events_of, fetch_rows, wait_for_rows
from tests.harness import parts
from tests.harness.people import Person, World, invite, matter_body
from tests.harness.stage import authorization

SEGMENT = 8 * 1024 * 1024
FILES = {
    ("", "note.txt", "pleadings"): b"words",
    ("", "NOTE.txt", "pleadings"): b"other words",
    ("Évidence", "scan.tiff", "correspondence"): os.urandom(SEGMENT + 70_000),
    ("Évidence/Lager", "empty.txt", "pleadings"): b"",
    ("Évidence/Lager", "aux", "privileged"): b"a device on Windows",
    ("Évidence 2", "leaf.txt", "pleadings"): b"leaf",
}


@dataclass
class Scene:
    """A matter with documents, and a paralegal of one's own who may read two of its classes."""

    world: World
    http: httpx.Client
    matter: str
    paralegal: Person
    documents: dict[tuple[str, str, str], dict[str, Any]]

    def ask(self, what: str, person: Person | None = None, **query: str) -> httpx.Response:
        headers = authorization(person or self.world["attorney"])
        return self.http.get(f"/v1/matters/{self.matter}/{what}", params=query, headers=headers)

    def found(self, answer: httpx.Response) -> set[str]:
        """The ids in a manifest or in an archive."""
        assert answer.status_code == 200, answer.text
        if "json" in answer.headers["content-type"]:
            return {item["id"] for item in answer.json()["items"]}
        return {item["id"] for item in inner_manifest(answer)["documents"]}

    def ids(self, *classes: str, below: str = "") -> set[str]:
        return {
            document["id"]
            for (folder, _, class_id), document in self.documents.items()
            if class_id in (classes or {class_id})
            and (folder == below or folder.startswith(f"{below}/") or not below)
        }


def inner_manifest(answer: httpx.Response) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(answer.content)) as opened:
        last = opened.infolist()[-1]
        assert last.filename == "redwell-manifest.json"
        manifest: dict[str, Any] = json.loads(opened.read(last))
        return manifest


@pytest.fixture(scope="module")
def scene(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("set")
    attorney = world["attorney"].client
    matter = attorney.call("POST", "/v1/matters", matter_body(world["attorney"].id))["id"]
    documents = {}
    for (place, name, class_id), content in FILES.items():
        (folder / name).write_bytes(content)
        documents[place, name, class_id] = attorney.put(matter, folder / name, class_id, place)
    paralegal = invite(world.instance, world["provider_admin"], ["paralegal"], "archivist")
    paralegal.client.act_for(world.firm)
    for class_id in ("pleadings", "correspondence"):
        attorney.call(
            "POST",
            f"/v1/matters/{matter}/grants",
            {
                "member_id": paralegal.id,
                "engagement_id": world.engagement,
                "classes": [class_id],
                "ends_at": (world.instance.clock.now() + timedelta(days=7)).isoformat(),
                "purpose": "First review",
            },
        )
    with world.instance.http() as http:
        yield Scene(world, http, matter, paralegal, documents)
    paralegal.client.close()


def test_a_manifest_says_what_there_is(scene: Scene) -> None:
    answer = scene.ask("manifest").json()
    told = {(item["folder"], item["name"], item["class_id"]): item for item in answer["items"]}
    assert told.keys() == FILES.keys()
    for place, content in FILES.items():
        assert told[place]["id"] == scene.documents[place]["id"]
        assert told[place]["version_id"] == scene.documents[place]["version"]["id"]
        assert told[place]["length_bytes"] == len(content)
        assert told[place]["sha256"] == hashlib.sha256(content).hexdigest()
    assert (answer["documents"], answer["length_bytes"]) == (len(FILES), sum(map(len, FILES.values())))
    assert answer["next"] is None


def test_a_manifest_comes_in_pages(scene: Scene) -> None:
    listed = list(scene.world["attorney"].client.manifest(scene.matter, limit="4"))
    assert {item["id"] for item in listed} == scene.ids()
    assert len(listed) == len(FILES)
    event = json.loads(
        fetch_rows(
            scene.world.instance,
            "SELECT body FROM events WHERE type = 'manifest.read' AND matter_id = $1 ORDER BY at DESC",
            UUID(scene.matter),
        )[0]["body"]
    )
    assert (event["outcome"], event["change"]["documents"]) == ("allowed", len(FILES))


@pytest.mark.parametrize("what", ["manifest", "archive"])
def test_a_set_is_a_folder_a_class_or_a_list(scene: Scene, what: str) -> None:
    assert scene.found(scene.ask(what, folder="Évidence")) == scene.ids(below="Évidence")
    assert scene.found(scene.ask(what, folder="")) == scene.ids()
    assert scene.found(scene.ask(what, class_id="pleadings")) == scene.ids("pleadings")
    both = scene.ids("pleadings", below="Évidence")
    assert len(both) == 1
    assert scene.found(scene.ask(what, class_id="pleadings", folder="Évidence")) == both
    listed = sorted(scene.ids())[:2]
    assert scene.found(scene.ask(what, ids=",".join(listed))) == set(listed)


@pytest.mark.parametrize("what", ["manifest", "archive"])
def test_a_set_has_only_what_one_may_read(scene: Scene, what: str) -> None:
    granted = scene.ids("pleadings", "correspondence")
    assert scene.found(scene.ask(what, scene.paralegal)) == granted
    assert scene.ask(what, scene.world["ungranted"]).status_code == 404
    assert scene.ask(what, scene.world["other_attorney"]).status_code == 404
    assert scene.ask(what, ids="not-an-id").status_code == 422


def test_an_archive_with_nothing_or_with_something_foreign_is_not_there(scene: Scene) -> None:
    assert scene.ask("archive", scene.paralegal, class_id="privileged").status_code == 404
    assert scene.ask("archive", folder="Nowhere").status_code == 404
    everything = ",".join(scene.ids())
    assert scene.ask("archive", scene.paralegal, ids=everything).status_code == 404
    assert scene.found(scene.ask("manifest", scene.paralegal, ids=everything)) == scene.ids(
        "pleadings", "correspondence"
    )


def test_an_archive_is_whole_and_as_announced(scene: Scene, tmp_path: Path) -> None:
    answer = scene.ask("archive")
    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert "transfer-encoding" not in answer.headers
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"].endswith(".zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as opened:
        assert opened.testzip() is None
        told = inner_manifest(answer)["documents"]
        assert [item["path"] for item in told] == opened.namelist()[:-1]
        for item in told:
            content = opened.read(item["path"])
            assert content == FILES[item["folder"], item["name"], item["class_id"]]
            assert hashlib.sha256(content).hexdigest() == item["sha256"]
        assert {item["path"] for item in told} == {
            "NOTE.txt",
            "note (2).txt",
            "Évidence/scan.tiff",
            "Évidence/Lager/empty.txt",
            "Évidence/Lager/_aux",
            "Évidence 2/leaf.txt",
        }
    (tmp_path / "a.zip").write_bytes(answer.content)
    unzip = parts.require_program("unzip", "unzip")
    subprocess.run([unzip, "-tq", tmp_path / "a.zip"], check=True, capture_output=True)


def test_each_document_of_an_archive_is_in_the_log(scene: Scene) -> None:
    wanted = [("", "note.txt", "pleadings"), ("Évidence/Lager", "empty.txt", "pleadings")]
    ids = [scene.documents[place]["id"] for place in wanted]
    answer = scene.ask("archive", scene.paralegal, ids=",".join(ids))
    archive = inner_manifest(answer)["archive_id"]
    ended = wait_for_rows(
        scene.world.instance,
        "SELECT body FROM events WHERE type = 'archive.delivered' AND object_id = $1",
        UUID(archive),
    )
    size = len(answer.content)
    assert json.loads(ended[0]["body"])["change"] == {"bytes": size, "of": size, "complete": True}
    for place, document in zip(wanted, ids, strict=True):
        content = FILES[place]
        (fetched,) = _of_archive(scene, document, "document.fetched", archive)
        assert fetched["outcome"] == "allowed"
        assert fetched["content"] == {"sha256": hashlib.sha256(content).hexdigest(), "len": len(content)}
        assert fetched["actor"]["id"] == scene.paralegal.id
        (end,) = _of_archive(scene, document, "document.delivered", archive)
        told = {"archive": archive, "bytes": len(content), "of": len(content), "complete": True}
        assert end["change"] == told
    header = answer.headers["redwell-event"].partition(";")[0]
    (own,) = fetch_rows(
        scene.world.instance, "SELECT type, object_id FROM events WHERE id = $1", UUID(header)
    )
    assert (own["type"], str(own["object_id"])) == ("archive.fetched", archive)


def _of_archive(scene: Scene, document: str, kind: str, archive: str) -> list[dict[str, Any]]:
    events = events_of(scene.world.instance, document, kind)
    return [event for event in events if event.get("change", {}).get("archive") == archive]
