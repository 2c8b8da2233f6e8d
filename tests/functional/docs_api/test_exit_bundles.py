"""A matter taken away, and opened by the standalone program with no server and nothing of ours."""

import ast
import hashlib
import io
import json
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from clients.python.redwell_client import IntegrityError, ProblemError
from tests.functional.docs_api.moving import fetch_rows, wait_for_rows
from tests.harness.desk import REDWELL, Desk, typed
from tests.harness.instance import ROOT
from tests.harness.people import World, invite, matter_body
from tests.harness.stage import LONG, MIB, authorization, content_of, measured

PROGRAM = ROOT / "examples" / "open_exit_bundle.py"
LARGE = content_of("exit", 8 * MIB + 12_345)


@dataclass
class Leaving:
    """A matter of four documents, and the firm's key."""

    world: World
    folder: Path
    matter: str
    private_key: X25519PrivateKey

    @property
    def public_key(self) -> str:
        public = self.private_key.public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def take(self, name: str = "exit.tar") -> Path:
        target = self.folder / name
        self.world["attorney"].client.exit_bundle(self.matter, self.public_key, target)
        return target

    def open(self, bundle: Path, key: X25519PrivateKey | None = None) -> "subprocess.CompletedProcess[str]":
        """In isolation: the program alone, in a folder with nothing of ours on the path."""
        place = self.folder / "elsewhere"
        place.mkdir(exist_ok=True)
        shutil.copy(PROGRAM, place)
        pem = (key or self.private_key).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (place / "key.pem").write_bytes(pem)
        shutil.rmtree(self.out, ignore_errors=True)
        command = [sys.executable, "-I", PROGRAM.name, str(bundle), "key.pem", str(self.out)]
        return subprocess.run(command, cwd=place, env={}, capture_output=True, text=True, check=False)

    @property
    def out(self) -> Path:
        return self.folder / "out"


@pytest.fixture(scope="module")
def staged_world() -> Iterator[World]:
    with measured("embedded") as world:
        yield world


@pytest.fixture(autouse=True)
def _fresh_factors(staged_world: World) -> None:
    staged_world.renew()


@pytest.fixture(scope="module")
def leaving(staged_world: World, tmp_path_factory: pytest.TempPathFactory) -> Leaving:
    world, folder = staged_world, tmp_path_factory.mktemp("exit")
    attorney = world["attorney"].client
    matter = attorney.call("POST", "/v1/matters", matter_body(world["attorney"].id))["id"]
    contents = {"large.bin": LARGE, "empty.txt": b"", "Schriftsätze.txt": b"words", "gone.txt": b"withdrawn"}
    documents = {}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
        documents[name] = attorney.put(
            matter, folder / name, "pleadings", "a/b" if name == "large.bin" else ""
        )
    (folder / "second").write_bytes(b"more words")
    attorney.put_version(documents["Schriftsätze.txt"]["id"], folder / "second")
    attorney.withdraw(documents["gone.txt"])
    return Leaving(world, folder, matter, X25519PrivateKey.generate())


@pytest.fixture(autouse=True)
def _fresh(staged_world: World) -> None:
    staged_world.renew()


def test_the_program_writes_every_document_where_it_was(leaving: Leaving) -> None:
    bundle = leaving.take()
    done = leaving.open(bundle)
    assert (done.returncode, done.stderr) == (0, "")
    written = {
        str(path.relative_to(leaving.out)): path.read_bytes()
        for path in leaving.out.rglob("*")
        if path.is_file()
    }
    older = next(name for name in written if name.endswith(" v1 Schriftsätze.txt"))
    assert written == {
        "active/a/b/large.bin": LARGE,
        "active/empty.txt": b"",
        "active/Schriftsätze.txt": b"more words",
        older: b"words",
        "withdrawn/gone.txt": b"withdrawn",
    }
    assert hashlib.sha256(LARGE).hexdigest() in done.stdout


def test_the_program_is_short_and_needs_one_library() -> None:
    source = PROGRAM.read_text()
    assert len(source.splitlines()) <= 60
    nodes = list(ast.walk(ast.parse(source)))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} - sys.stdlib_module_names == {"cryptography"}


def test_it_says_what_it_holds_and_no_name_in_clear(leaving: Leaving) -> None:
    raw = leaving.take().read_bytes()
    with tarfile.open(fileobj=io.BytesIO(raw)) as tar:
        members = {member.name: member for member in tar}
        first = tar.extractfile("manifest.json")
        assert first is not None
        manifest = json.load(first)
        for name in members:
            folder, _, object_name = name.partition("/")
            if object_name.isdecimal():
                listed = tar.extractfile(f"{folder}/manifest.json")
                stored = tar.extractfile(name)
                assert listed is not None
                assert stored is not None
                one = json.load(listed)["objects"][int(object_name)]
                sealed = stored.read()
                assert one == {"bytes": len(sealed), "sha256": hashlib.sha256(sealed).hexdigest()}
    assert next(iter(members)) == "manifest.json"
    assert (manifest["format"], manifest["matter"], manifest["versions"]) == (
        "redwell-exit/v1",
        leaving.matter,
        5,
    )
    assert manifest["bytes"] == len(LARGE) + len(b"wordsmore wordswithdrawn")
    for secret in (b"large.bin", "Schriftsätze".encode(), b"words", b"withdrawn", LARGE[:32]):
        assert secret not in raw


def test_it_is_on_record_before_and_after(leaving: Leaving) -> None:
    bundle = leaving.take()
    with tarfile.open(bundle) as tar:
        first = tar.extractfile("manifest.json")
        assert first is not None
        manifest = json.load(first)
    sql = "SELECT body FROM events WHERE type = $1 AND matter_id::text = $2 AND body LIKE '%' || $3 || '%'"
    sql = sql.replace("body LIKE", "convert_from(body, 'UTF8') LIKE")
    instance = leaving.world.instance
    (admitted,) = fetch_rows(instance, sql, "matter.exported", leaving.matter, manifest["event"])
    change = json.loads(admitted["body"])["change"]
    assert change["key"] == manifest["key"]
    assert (change["versions"], change["bytes"]) == (5, manifest["bytes"])
    fetched = [
        json.loads(row["body"])
        for row in fetch_rows(instance, sql, "document.fetched", leaving.matter, manifest["event"])
    ]
    assert {event["change"]["export"] for event in fetched} == {manifest["event"]}
    assert sum(event["content"]["len"] for event in fetched) == manifest["bytes"]
    assert len({event["object"]["version"] for event in fetched}) == 5
    digest = hashlib.sha256(bundle.read_bytes()).hexdigest()
    (ended,) = wait_for_rows(instance, sql, "matter.export.delivered", leaving.matter, digest)
    assert json.loads(ended["body"])["change"] == {"bytes": bundle.stat().st_size, "complete": True}


@pytest.mark.parametrize("damage", ["cut", "flipped", "swapped", "other key"])
def test_the_program_refuses(leaving: Leaving, damage: str) -> None:
    bundle = leaving.take(f"{damage}.tar")
    raw = bytearray(bundle.read_bytes())
    if damage == "cut":
        del raw[len(raw) // 2 :]
    if damage == "flipped":
        raw[len(raw) // 2] ^= 1
    if damage == "swapped":
        raw = raw.replace(b"/00000000", b"/0000000X").replace(b"/00000001", b"/00000000")
    bundle.write_bytes(raw)
    done = leaving.open(bundle, X25519PrivateKey.generate() if damage == "other key" else None)
    assert done.returncode == 1
    assert not list(leaving.out.rglob("large.bin"))


def test_only_an_attorney_on_the_matter_with_a_fresh_factor(leaving: Leaving) -> None:
    world, path = leaving.world, f"/v1/matters/{leaving.matter}/exit-bundle"
    body = {"public_key": leaving.public_key}
    for name, status in {"firm_staff": 403, "officer": 403, "paralegal": 403, "other_attorney": 404}.items():
        with pytest.raises(ProblemError) as caught:
            world[name].client.call("POST", path, body)
        assert caught.value.status == status
    with pytest.raises(ProblemError) as caught:
        world["attorney"].client.call("POST", path, {"public_key": "no key"})
    assert caught.value.slug == "invalid-input"


def test_a_damaged_object_ends_it_unfinished(staged_world: World, tmp_path: Path) -> None:
    world, attorney = staged_world, staged_world["attorney"].client
    matter = attorney.call("POST", "/v1/matters", matter_body(world["attorney"].id))["id"]
    (tmp_path / "brief.txt").write_bytes(b"words")
    document = attorney.put(matter, tmp_path / "brief.txt", "pleadings")["id"]
    (row,) = fetch_rows(
        world.instance,
        "SELECT object_key FROM segments s JOIN versions v ON v.id = s.version_id "
        "WHERE v.document_id::text = $1",
        document,
    )
    key = row["object_key"]
    stored = world.instance.objects / key[0] / key[1] / key
    stored.chmod(0o600)
    stored.write_bytes(stored.read_bytes()[:-1] + b"!")
    damaged = Leaving(world, tmp_path, matter, X25519PrivateKey.generate())
    with pytest.raises((IntegrityError, httpx.HTTPError)):
        damaged.take()
    assert not (tmp_path / "exit.tar").exists()
    (ended,) = wait_for_rows(
        world.instance,
        "SELECT reason FROM events WHERE type = 'matter.export.delivered' AND matter_id::text = $1",
        matter,
    )
    assert ended["reason"] == "integrity-failure"
    assert fetch_rows(
        world.instance,
        "SELECT 1 FROM events WHERE type = 'document.integrity' AND document_id::text = $1",
        document,
    )


def test_it_ends_with_the_access(staged_world: World, tmp_path: Path) -> None:
    world, attorney = staged_world, staged_world["attorney"].client
    matter = attorney.call("POST", "/v1/matters", matter_body(world["attorney"].id))["id"]
    (tmp_path / "long.bin").write_bytes(content_of("long exit", LONG))
    attorney.put(matter, tmp_path / "long.bin", "pleadings")
    colleague = invite(world.instance, world["firm_admin"], ["attorney"], "colleague")
    attorney.call("PUT", f"/v1/matters/{matter}/people/{colleague.id}")
    leaving = Leaving(world, tmp_path, matter, X25519PrivateKey.generate())
    path, body = f"/v1/matters/{matter}/exit-bundle", {"public_key": leaving.public_key}
    with (
        world.instance.http() as http,
        http.stream("POST", path, json=body, headers=authorization(colleague)) as answer,
    ):
        assert answer.status_code == 200
        attorney.call("DELETE", f"/v1/matters/{matter}/people/{colleague.id}")
        sql = "SELECT reason FROM events WHERE type = 'matter.export.delivered' AND matter_id::text = $1"
        (ended,) = wait_for_rows(world.instance, sql, matter)
        assert ended["reason"] == "access-ended"
        with pytest.raises(httpx.HTTPError):
            answer.read()
    colleague.client.close()


def test_the_commands_at_a_terminal(leaving: Leaving, tmp_path: Path) -> None:
    """A factor that is no longer fresh is asked for; the receipt of the export is proven with no server."""
    desk, world = Desk(leaving.world, tmp_path / "desk"), leaving.world
    status, shown = desk.login(world["attorney"])
    assert status == 0, shown
    (desk.folder / "exit.pub.pem").write_text(leaving.public_key)
    world.instance.clock.advance(360)
    words = ["exit-bundle", leaving.matter, "--key", "exit.pub.pem", "--to", "matter.tar"]
    command = ["env", "-C", str(desk.folder), *REDWELL, *words]
    status, shown = typed(
        command, desk.environment, [("shows: ", world["attorney"].code(world.instance.clock.now()))]
    )
    world.instance.clock.advance(31)  # the code is used; whoever needs one next gets another
    assert (status, "Saved in matter.tar" in shown) == (0, True), shown
    with tarfile.open(desk.folder / "matter.tar") as tar:
        first = tar.extractfile("manifest.json")
        assert first is not None
        event = json.load(first)["event"]
    saved = desk.run("receipt", event)
    assert (saved.returncode, saved.stderr) == (0, "")
    proof = desk.run("audit", "verify", f"receipt-{event}.json", "--pin", world.instance.fingerprint)
    assert (proof.returncode, "matter.exported" in proof.stdout) == (0, True)
    again, absent = desk.run("receipt", event), desk.run("receipt", str(uuid4()))
    assert (again.returncode, again.stderr.count("\n"), "File exists" in again.stderr) == (1, 1, True)
    assert (absent.returncode, absent.stderr.count("\n"), "not-found" in absent.stderr) == (1, 1, True)
