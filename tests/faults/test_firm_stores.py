"""Stores of firms: one firm's content in a bucket, another's in a folder, and one of them gone."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from typer.testing import CliRunner, Result

from clients.python.redwell_client import ProblemError
from services.cli.stores import commands
from services.storage.protocol import new_object_key
from services.storage.s3.client import S3Calls, make_client
from tests.functional.docs_api.moving import open_put, status_of, wait_for_end
from tests.harness.eventually import eventually
from tests.harness.instance import ROOT
from tests.harness.people import Person, World, matter_body
from tests.harness.resumable import begun, newest, wait_until_verified
from tests.harness.rows import row, rows
from tests.harness.seaweed import BUCKET, REGION, SeaweedFS
from tests.harness.stage import MIB, authorization, content_of, new_upload, objects_on_disk, staged
from tests.harness.store_proxy import StoreProxy, refused_with

PREFIX = "of-a-firm"
_PLACES = """
SELECT object_key FROM segments s JOIN versions v ON v.tenant_id = s.tenant_id AND v.id = s.version_id
WHERE v.document_id = $1 ORDER BY s.ordinal
"""
_CHOSEN = "SELECT tenant_id, body FROM events WHERE type = 'store.chosen' ORDER BY at DESC LIMIT 1"


@dataclass
class Scene:
    """`told`: what names a bucket beside the folder, and a folder that cannot be made."""

    world: World
    told: dict[str, str]
    bucket: S3Calls

    def stores(self, *words: str) -> Result:
        """`redwell stores …` beside the instance."""
        ours = [name for name in os.environ if name.startswith("REDWELL_")]
        arguments = [*words, f"--data={self.world.instance.data}"]
        return CliRunner().invoke(commands.stores, arguments, env={**dict.fromkeys(ours), **self.told})

    def assign(self, store: str, firm: str | None = None) -> Result:
        return self.stores("assign", f"--firm={firm or self.world.firm}", f"--store={store}")

    def listed(self) -> set[str]:
        page = self.bucket.list_objects_v2(Bucket=BUCKET, Prefix=f"{PREFIX}/")
        names = {str(each["Key"]).rpartition("/")[2] for each in page.get("Contents", ())}
        return names - {"owner", "mark"}

    def places(self, document: str) -> list[str]:
        """The stores that a document's segments lie in, in their order."""
        found = rows(self.world.instance, _PLACES, UUID(document))
        return [each["object_key"].rpartition(":")[0] or "default" for each in found]

    def put(self, person: Person, matter: str, folder: Path, content: bytes) -> str:
        path = folder / f"{len(content)}.bin"
        path.write_bytes(content)
        return str(person.client.put(matter, path, "pleadings")["id"])

    def ours(self, folder: Path, content: bytes) -> str:
        return self.put(self.world["attorney"], self.world.matter, folder, content)

    def fetch(self, document: str) -> httpx.Response:
        headers = authorization(self.world["attorney"])
        with self.world.instance.http() as http:
            return http.get(f"/v1/documents/{document}/content", headers=headers)


@pytest.fixture(scope="module")
def told(seaweed: SeaweedFS, running: StoreProxy, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("stores")
    (folder / "file").write_bytes(b"")
    credentials = folder / "credentials"
    key, secret = seaweed.access_key_id, seaweed.secret_access_key
    credentials.write_text(f"[default]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n")
    credentials.chmod(0o600)
    harbour = {
        "store": "s3",
        "s3_endpoint": running.endpoint,
        "s3_region": REGION,
        "s3_bucket": BUCKET,
        "s3_prefix": PREFIX,
        "s3_credentials": str(credentials),
        "s3_operation_seconds": 3,
        "s3_attempts": 2,
    }
    stores = {"harbour": harbour, "ruin": {"objects": str(folder / "file" / "objects")}}
    return {
        "REDWELL_STORES": json.dumps(stores),
        "REDWELL_SWEEP_INTERVAL_SECONDS": "1",
        "REDWELL_ORPHAN_GRACE_SECONDS": "5",
    }


@pytest.fixture(scope="module")
def staged_world(told: dict[str, str]) -> Iterator[World]:
    with staged("embedded", **told) as built:
        yield built


@pytest.fixture
def scene(
    staged_world: World, told: dict[str, str], seaweed: SeaweedFS, proxy: StoreProxy
) -> Iterator[Scene]:
    assert proxy.endpoint
    staged_world.renew()
    bucket = make_client(seaweed.options())
    made = Scene(staged_world, told, bucket)
    assert made.assign("default").exit_code == 0
    yield made
    bucket.close()


def slug(call: Any) -> str:
    with pytest.raises(ProblemError) as refused:
        call()
    return f"{refused.value.status} {refused.value.slug}"


def test_what_comes_from_now_on_lies_there_and_what_was_there_stays(scene: Scene, tmp_path: Path) -> None:
    world, words = scene.world, content_of("before", 3 * MIB)
    before = scene.ours(tmp_path, words)
    folder, there = set(objects_on_disk(world.instance)), scene.listed()
    done = scene.assign("harbour")
    assert (done.exit_code, "harbour" in done.stdout) == (0, True)
    after = scene.ours(tmp_path, content_of("after", 9 * MIB))
    assert scene.places(before) == ["default"]
    assert scene.places(after) == ["harbour", "harbour"]
    assert set(objects_on_disk(world.instance)) <= folder, "nothing new lies in the folder"
    assert len(scene.listed() - there) == 2
    assert scene.fetch(before).content == words
    assert scene.fetch(after).content == content_of("after", 9 * MIB)
    event = row(world.instance, _CHOSEN)
    assert str(event["tenant_id"]) == world.firm
    assert json.loads(event["body"])["change"] == {"store": "harbour"}
    shown = json.loads(scene.stores("show", "--json").stdout)
    assert [(one["store"], one["usable"]) for one in shown["stores"]] == [
        ("default", True),
        ("harbour", True),
        ("ruin", False),
    ]
    assert {"firm": world.firm, "store": "harbour"}.items() <= shown["firms"][0].items()


def test_the_other_firm_goes_on_while_the_bucket_is_gone(
    scene: Scene, proxy: StoreProxy, tmp_path: Path
) -> None:
    world = scene.world
    before = scene.ours(tmp_path, b"before")
    scene.assign("harbour")
    after = scene.ours(tmp_path, b"after")
    for method in ("GET", "PUT", "HEAD"):
        proxy.on(method, refused_with(503, "SlowDown"), path=PREFIX)
    gone = scene.fetch(after)
    assert (gone.status_code, gone.json()["type"].rpartition("/")[2]) == (503, "unavailable")
    assert slug(lambda: scene.ours(tmp_path, b"now")) == "503 unavailable"
    assert scene.fetch(before).content == b"before"
    theirs, admin = world["other_attorney"], world["other_admin"].client
    if not any(one["id"] == "pleadings" for one in admin.call("GET", "/v1/classes")["items"]):
        admin.call("POST", "/v1/classes", {"id": "pleadings", "label": "Pleadings"})
    matter = theirs.client.call("POST", "/v1/matters", matter_body(theirs.id))["id"]
    assert scene.places(scene.put(theirs, matter, tmp_path, b"theirs")) == ["default"]
    proxy.mend()
    assert scene.fetch(after).content == b"after"


def test_what_cannot_be_used_is_not_chosen(scene: Scene) -> None:
    provider = scene.world.provider
    for store, firm, said in (
        ("ruin", None, "The store ruin cannot be used"),
        ("attic", None, "There is no store attic"),
        ("harbour", provider, f"There is no firm {provider}"),
    ):
        done = scene.assign(store, firm)
        assert (done.exit_code, done.stdout, said in done.stderr) == (1, "", True), done.stderr
    assert rows(scene.world.instance, "SELECT 1 FROM firm_stores WHERE store <> 'default'") == []


def test_a_choice_in_the_middle_of_an_upload(scene: Scene) -> None:
    """What was acknowledged stays where it is; nothing goes on to where it was going."""
    world, content = scene.world, content_of("in the middle", 10 * MIB)
    with world.instance.http() as http:
        upload = begun(world, http, world["attorney"], len(content))
        document = newest(world, world["attorney"])
        assert upload.patch(0, content[: 4 * MIB]).status_code == 204
        scene.assign("harbour")
        assert upload.patch(4 * MIB, content[4 * MIB :]).status_code == 204
    wait_until_verified(world, document)
    assert set(scene.places(document)) == {"default", "harbour"}
    assert scene.fetch(document).content == content


def test_a_choice_in_the_middle_of_a_request(scene: Scene) -> None:
    world, size = scene.world, 17 * MIB
    document, upload = new_upload(world, "plain.bin")
    with open_put(world.instance, world["attorney"], upload, size) as connection:
        connection.sendall(bytes(9 * MIB))
        eventually(lambda: scene.places(document) == ["default"], 30)
        scene.assign("harbour")
        connection.sendall(bytes(size - 9 * MIB))
        assert status_of(connection) == 503
    wait_for_end(world.instance, document, "document.received", "firm-store-changed")
    assert scene.places(document) == []


def test_each_store_is_swept_and_verified(scene: Scene, tmp_path: Path) -> None:
    scene.assign("harbour")
    kept = scene.ours(tmp_path, b"kept")
    orphan = new_object_key()
    scene.bucket.put_object(Bucket=BUCKET, Key=f"{PREFIX}/{orphan[0]}/{orphan[1]}/{orphan}", Body=b"nobody's")
    eventually(lambda: orphan not in scene.listed(), 60)
    assert scene.fetch(kept).content == b"kept"
    done = subprocess.run(
        [sys.executable, "-m", "services.cli", "verify", f"--data={scene.world.instance.data}", "--json"],
        cwd=ROOT,
        env={**os.environ, **scene.told, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    # One store of the deployment is a ruin, so what lies in it cannot be counted; the documents were read.
    assert (done.returncode, "The store ruin cannot be used" in done.stderr) == (2, True), done.stderr
