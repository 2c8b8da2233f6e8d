"""Roots of firms: one in KMS beside one in a file, and what happens to each when the other's is gone."""

import json
import os
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner, Result

from clients.python.redwell_client import ProblemError
from services.cli.keys import commands
from tests.functional.docs_api.moving import open_put, open_request, status_of, wait_for_end, wait_for_rows
from tests.harness.eventually import eventually
from tests.harness.kms import Kms, running_kms
from tests.harness.people import Person, World, matter_body, organization
from tests.harness.rows import rows
from tests.harness.stage import LONG, content_of, staged

SHUT = "firm-key-unavailable"
QUICK = {
    "REDWELL_ROOT_TRUST_SECONDS": "5",
    "REDWELL_KMS_ANSWER_SECONDS": "2",
    "REDWELL_KMS_ATTEMPTS": "1",
}
_STARTED = "SELECT 1 FROM events WHERE document_id = $1 AND type = 'document.received' AND outcome = 'info'"
_ADMITTED = (
    "SELECT 1 FROM events WHERE document_id = $1 AND type = 'document.fetched' AND outcome = 'allowed'"
)


@dataclass
class Scene:
    """Two firms: ours, whose root is a file, and theirs, whose root is in KMS, with a matter."""

    world: World
    kms: Kms
    root: str
    matter: str

    @property
    def ours(self) -> Person:
        return self.world["attorney"]

    @property
    def theirs(self) -> Person:
        return self.world["other_attorney"]

    def read(self) -> Any:
        return self.theirs.client.call("GET", f"/v1/matters/{self.matter}")

    def put(self, folder: Path, content: bytes = b"words") -> str:
        """A document of theirs."""
        path = folder / "theirs.bin"
        path.write_bytes(content)
        return str(patiently(lambda: self.theirs.client.put(self.matter, path, "pleadings"))["id"])


@pytest.fixture(scope="module")
def kms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kms]:
    with running_kms(tmp_path_factory.mktemp("kms")) as started:
        yield started


@pytest.fixture(scope="module")
def world(kms: Kms) -> Iterator[World]:
    with staged("embedded", **kms.settings(), **QUICK) as built:
        yield built


@pytest.fixture(scope="module")
def scene(world: World, kms: Kms) -> Scene:
    chosen, attorney = kms.new_key(), world["other_attorney"]
    assert keys(world, kms, "assign", f"--firm={world.other_firm}", f"--root={chosen}").exit_code == 0
    world["other_admin"].client.call("POST", "/v1/classes", {"id": "pleadings", "label": "Pleadings"})
    matter = patiently(lambda: attorney.client.call("POST", "/v1/matters", matter_body(attorney.id)))
    return Scene(world, kms, chosen, matter["id"])


def keys(world: World, kms: Kms, *words: str) -> Result:
    """`redwell keys …` beside the instance."""
    told: dict[str, str | None] = dict.fromkeys(name for name in os.environ if name.startswith("REDWELL_"))
    arguments = [*words, f"--data={world.instance.data}"]
    return CliRunner().invoke(commands.keys, arguments, env={**told, **kms.settings()})


def patiently(act: Callable[[], Any]) -> Any:
    """What `act` gives, once the firm's key is open in whichever process serves it."""
    given: list[Any] = []

    def done() -> bool:
        return not refused(lambda: given.append(act()))

    eventually(done, 60)
    return given[0]


def refused(act: Callable[[], Any]) -> bool:
    """Whether `act` is refused because the firm's key cannot be used."""
    try:
        act()
    except ProblemError as problem:
        if (problem.status, problem.slug) != (503, SHUT):
            raise
        return True
    return False


def test_what_cannot_be_used_is_not_chosen(world: World, kms: Kms) -> None:
    disabled = kms.new_key()
    kms.disable(disabled)
    firm = world.provider  # nothing is ever chosen for it, so nobody is harmed
    for chosen, said in {
        disabled: "may not be used: disabled",
        "kms:arn:aws:kms:eu-central-1:123456789012:alias/firm": "not by an alias",
        "kms:key/1": "kms:arn:aws:kms:REGION",
        "0192f0c1-0000-7000-8000-000000000001": "There is no root key",
        "file": f"There is no firm {firm}",
    }.items():
        done = keys(world, kms, "assign", f"--firm={firm}", f"--root={chosen}")
        assert (done.exit_code, done.stdout) == (1, "")
        assert said in done.stderr
        assert done.stderr.count("\n") == 1
    nobody = "0192f0c1-0000-7000-8000-000000000001"
    done = keys(world, kms, "revoke", f"--firm={nobody}")
    assert (done.exit_code, done.stderr) == (1, f"redwell: There is no firm {nobody}.\n")


def test_a_firm_works_under_its_root_in_kms(scene: Scene, tmp_path: Path) -> None:
    content = content_of("kms", 100_000)
    document = scene.put(tmp_path, content)
    patiently(lambda: scene.theirs.client.fetch(document, tmp_path / "fetched"))
    assert (tmp_path / "fetched").read_bytes() == content
    firm = UUID(scene.world.other_firm)
    (key,) = rows(scene.world.instance, "SELECT * FROM firm_keys WHERE tenant_id = $1", firm)
    assert (key["root"], key["wrapped"][:1]) == (scene.root, b"\x02")


@pytest.mark.parametrize("how", ["disabled", "denied", "silent"])
def test_a_root_that_is_gone_stops_its_firm_alone(scene: Scene, tmp_path: Path, how: str) -> None:
    theirs = scene.put(tmp_path)
    ours = scene.world.put(tmp_path, f"{how}.txt", b"ours")["id"]
    acts = [
        scene.read,
        lambda: scene.theirs.client.fetch(theirs, tmp_path / "theirs"),
        lambda: scene.theirs.client.put(scene.matter, tmp_path / "theirs.bin", "pleadings"),
    ]
    with gone(scene, how):
        for act in acts:  # a process that has not heard of it yet hears of it within a third of the trust
            eventually(partial(refused, act), 60)
        scene.ours.client.fetch(ours, tmp_path / "ours")
        scene.theirs.client.call("GET", "/v1/engagements")
        told = scene.world.instance.ready()
        assert (told.status_code, told.json()["status"]) == (200, "ready")
        eventually(lambda: scene.root in str(scene.world.instance.ready().json()), 30)
    for act in acts:
        patiently(act)
    officer = scene.world["other_officer"].client
    assert any(row["event"].get("reason") == SHUT for row in officer.events(outcome="failed"))


@contextmanager
def gone(scene: Scene, how: str) -> Iterator[None]:
    """Their root is disabled, denied to us, or silent."""
    if how == "silent":
        with scene.kms.standing_still(scene.root):
            yield
        return
    take, give = scene.kms.disable, scene.kms.enable
    if how == "denied":
        take, give = scene.kms.deny, scene.kms.allow
    take(scene.root)
    try:
        yield
    finally:
        give(scene.root)


def test_a_start_while_their_root_is_gone_stops_them_alone(scene: Scene, tmp_path: Path) -> None:
    instance = scene.world.instance
    document = scene.world.put(tmp_path, "before.txt", b"before")["id"]
    with gone(scene, "disabled"):
        assert instance.stop() == 0
        instance.start()
        assert instance.ready().status_code == 200
        scene.ours.client.fetch(document, tmp_path / "fetched")
        eventually(partial(refused, scene.read), 60)
        eventually(lambda: "a root key cannot be used; its firms are stopped" in instance.log.read_text(), 60)
    patiently(scene.read)


def test_who_waits_for_a_first_key_holds_up_no_other_firm(scene: Scene, tmp_path: Path) -> None:
    world, kms, slow = scene.world, scene.kms, scene.kms.new_key()
    firm, admin = organization(world.instance, world.operator, "firm", "Slow & Sons")
    assert keys(world, kms, "assign", f"--firm={firm}", f"--root={slow}").exit_code == 0
    ours = world.put(tmp_path, "waiting.txt", b"ours")["id"]
    with kms.standing_still(slow), ExitStack() as stack:
        # More than the vault has connections to the database, in all its processes together.
        waiting = [open_request(world.instance, admin, "GET /v1/engagements") for _ in range(24)]
        for each in waiting:
            stack.enter_context(closing(each))
        for _ in range(5):
            scene.ours.client.fetch(ours, tmp_path / "ours")
        with ThreadPoolExecutor(24) as pool:
            assert set(pool.map(status_of, waiting)) == {200}, "what needs no key is served without one"
    admin.client.close()


def test_transfers_of_that_firm_end_and_others_go_on(scene: Scene, tmp_path: Path) -> None:
    document = scene.put(tmp_path, content_of("long", LONG))
    theirs, ours = Moving(scene, scene.theirs, scene.matter), Moving(scene, scene.ours, scene.world.matter)
    fetching = theirs.fetch(document)
    with closing(fetching), closing(theirs.upload), closing(ours.upload), gone(scene, "disabled"):
        wait_for_end(scene.world.instance, theirs.document, "document.received", SHUT)
        wait_for_end(scene.world.instance, document, "document.delivered", SHUT)
        ours.upload.sendall(b"67890")
        assert status_of(ours.upload) == 200
    patiently(scene.read)


class Moving:
    """A half-sent upload of ten bytes."""

    def __init__(self, scene: Scene, person: Person, matter: str) -> None:
        self.instance, self.person = scene.world.instance, person
        declared = {"name": "held.bin", "class_id": "pleadings"}
        path = f"/v1/matters/{matter}/documents"
        made = patiently(lambda: person.client.call("POST", path, declared))
        self.document = made["document"]["id"]
        self.upload = open_put(self.instance, person, made["upload"]["id"], 10)
        self.upload.sendall(b"12345")
        wait_for_rows(self.instance, _STARTED, UUID(self.document))

    def fetch(self, document: str) -> ssl.SSLSocket:
        """A download that nobody reads, so that it never ends by itself."""
        fetching = open_request(
            self.instance, self.person, f"GET /v1/documents/{document}/content", receive_bytes=65_536
        )
        wait_for_rows(self.instance, _ADMITTED, UUID(document))
        return fetching


def test_a_revoked_firm_stops_at_once_until_it_is_reinstated(scene: Scene, tmp_path: Path) -> None:
    """Its root is a file, which needs nobody's leave but ours."""
    world, kms, ours = scene.world, scene.kms, scene.ours
    document = world.put(tmp_path, "long.bin", content_of("revoked", LONG))["id"]
    moving = Moving(scene, ours, world.matter)
    with closing(moving.upload), closing(moving.fetch(document)):
        assert keys(world, kms, "revoke", f"--firm={world.firm}").exit_code == 0
        try:
            for act in (
                lambda: ours.client.call("GET", f"/v1/matters/{world.matter}"),
                lambda: ours.client.fetch(document, tmp_path / "fetched"),
                lambda: ours.client.call("POST", "/v1/matters", matter_body(ours.id)),
            ):
                assert refused(act)
            wait_for_end(world.instance, moving.document, "document.received", SHUT)
            wait_for_end(world.instance, document, "document.delivered", SHUT)
            patiently(scene.read)
            _check_shown(world, kms)
        finally:
            assert keys(world, kms, "reinstate", f"--firm={world.firm}").exit_code == 0
    ours.client.fetch(document, tmp_path / "fetched")
    kinds = {row["event"]["type"] for row in world["officer"].client.events()}
    assert {"root.revoked", "root.reinstated"} <= kinds


def _check_shown(world: World, kms: Kms) -> None:
    shown = keys(world, kms, "roots", "--json")
    assert shown.exit_code == 1
    firms = {firm["firm"]: firm for firm in json.loads(shown.stdout)["firms"]}
    assert firms[world.firm]["revoked_at"] is not None
    assert firms[world.other_firm]["revoked_at"] is None
    assert firms[world.other_firm]["root"].startswith("kms:")
    assert "REVOKED" in keys(world, kms, "roots").stdout
