"""`redwell verify` beside a running instance: damage is named, kept as evidence, and seen to be mended."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner, Result

from services.cli.app import app
from services.kernel.ids import PLATFORM
from services.storage.protocol import new_object_key
from tests.harness.eventually import eventually
from tests.harness.instance import ROOT
from tests.harness.ledger import check_ledger
from tests.harness.people import World
from tests.harness.rows import change_of, events, row, rows, segments
from tests.harness.stage import MIB, content_of, objects_on_disk, staged

CLI = [sys.executable, "-P", "-m", "services.cli"]
SIZES = {"altered": 9 * MIB, "truncated": 20, "swapped": 30, "missing": 40, "of-another": 9 * MIB, "well": 50}


@dataclass(frozen=True)
class Stored:
    world: World
    documents: dict[str, str]

    def object(self, name: str, ordinal: int = 0) -> Path:
        key = segments(self.world.instance, self.documents[name])[ordinal]["object_key"]
        return objects_on_disk(self.world.instance)[key]

    def version(self, name: str) -> str:
        return str(segments(self.world.instance, self.documents[name])[0]["version_id"])

    def integrity(self, name: str) -> list[Any]:
        return events(self.world.instance, self.documents[name], "document.integrity")

    def ended(self, run: str, tenant: UUID) -> Any:
        found = rows(
            self.world.instance,
            "SELECT * FROM events WHERE type = 'vault.verified' AND tenant_id = $1",
            tenant,
        )
        (event,) = [each for each in found if change_of(each)["run"] == run]
        return event


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stored]:
    folder = tmp_path_factory.mktemp("stored")
    with staged("embedded") as world:
        documents = {
            name: world.put(folder, name, content_of(name, size))["id"] for name, size in SIZES.items()
        }
        yield Stored(world, documents)


def run(stored: Stored, *words: str) -> Result:
    """In this process: a start of the interpreter takes longer than reading all there is."""
    return CliRunner().invoke(app, [words[0], "--data", str(stored.world.instance.data), *words[1:]])


def verify(stored: Stored, *words: str) -> tuple[int, dict[str, Any]]:
    done = run(stored, "verify", "--json", "--rate", "1GiB/s", *words)
    assert done.stdout, done.stderr
    return done.exit_code, json.loads(done.stdout)


def findings(document: dict[str, Any]) -> dict[str, str]:
    return {found["version"]: found["finding"] for found in document["damaged"]}


def doctor(stored: Stored) -> dict[str, Any]:
    done = run(stored, "doctor", "--json", "--ops", f"localhost:{stored.world.instance.ops_port}")
    (found,) = [each for each in json.loads(done.stdout)["findings"] if "verification" in each["text"]]
    return dict(found)


def flip(path: Path) -> None:
    sealed = bytearray(path.read_bytes())
    sealed[len(sealed) // 2] ^= 0x10
    path.write_bytes(sealed)


def damage(stored: Stored) -> None:
    flip(stored.object("altered", 1))
    truncated = stored.object("truncated")
    truncated.write_bytes(truncated.read_bytes()[:-1])
    first, second = (stored.object("swapped"), stored.object("missing"))
    shutil.copyfile(second, first)
    second.unlink()
    shutil.copyfile(stored.object("altered"), stored.object("of-another"))


def test_every_damage_is_named_and_kept_as_evidence_until_it_is_mended(
    stored: Stored, tmp_path: Path
) -> None:
    objects, firm = stored.world.instance.objects, UUID(stored.world.firm)
    status, well = verify(stored)
    assert (status, well["damaged"], well["unnamed_objects"]) == (0, [], 0)
    assert well["opened"] == well["versions"] >= len(SIZES)
    assert change_of(stored.ended(well["run"], firm)) == {
        "run": well["run"],
        "whole": True,
        "versions": well["versions"],
        "opened": well["opened"],
        "damaged": 0,
        "bytes": well["bytes"],
        "started": well["started_at"],
        "ended": well["ended_at"],
    }
    assert doctor(stored)["verdict"] == "fine"
    shutil.copytree(objects, tmp_path / "backup")
    damage(stored)
    status, found = verify(stored)
    assert status == 1
    expected = {
        "altered": "object-digest-differs",
        "truncated": "object-length-differs",
        "swapped": "object-length-differs",
        "missing": "object-missing",
        "of-another": "object-digest-differs",
    }
    assert findings(found) == {stored.version(name): reason for name, reason in expected.items()}
    for name, reason in expected.items():
        (event,) = [each for each in stored.integrity(name) if change_of(each)["run"] == found["run"]]
        assert (event["outcome"], event["reason"], event["actor_id"]) == ("failed", reason, None)
        assert change_of(event)["segments"] == ([1] if name == "altered" else [0])
    assert [each for each in stored.integrity("well") if change_of(each)["run"] == found["run"]] == []
    firms, platform = (stored.ended(found["run"], tenant) for tenant in (firm, PLATFORM))
    assert (firms["outcome"], change_of(firms)["damaged"]) == ("failed", len(expected))
    assert change_of(platform)["unnamed_objects"] == 0
    shown = doctor(stored)
    assert shown["verdict"] == "mend"
    assert f"{len(expected)} versions were damaged" in shown["text"]
    shutil.copytree(tmp_path / "backup", objects, dirs_exist_ok=True)
    # What was found damaged is never left out as if it had been well.
    status, mended = verify(stored, "--since-days", "1")
    assert (status, mended["versions"], mended["damaged"]) == (0, len(expected), [])
    assert doctor(stored)["verdict"] == "fine"
    check_ledger(stored.world, tmp_path)


def test_a_killed_verification_goes_on_where_it_was(stored: Stored) -> None:
    instance, version = stored.world.instance, stored.version("of-another")
    told = {name: value for name, value in os.environ.items() if not name.startswith("REDWELL_")}
    process = subprocess.Popen(
        [*CLI, "verify", "--data", str(instance.data), "--rate", "1MiB/s", "--no-open"],
        env={**told, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        running = eventually(
            lambda: (rows(instance, "SELECT id FROM fixity_runs WHERE state = 'running'") or [None])[0]
        )["id"]
        checked = eventually(
            lambda: rows(instance, "SELECT * FROM version_checks WHERE run_id = $1", running)
        )
        refused = run(stored, "verify", "--json")
        assert (refused.exit_code, refused.stdout) == (2, "")
        assert "Another verification is under way" in refused.stderr
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    before = row(instance, "SELECT count(*) FROM version_checks WHERE run_id = $1", running)[0]
    status, other = eventually(lambda: unlocked(stored, "--version", version))
    assert (status, other["versions"], other["unnamed_objects"], other["whole"]) == (0, 1, None, False)
    assert other["run"] != str(running)
    status, document = verify(stored, "--no-open")
    assert (status, document["resumed"], document["run"]) == (0, True, str(running))
    assert document["versions"] >= max(before, len(SIZES))
    assert document["opened"] == 0
    again = "SELECT checked_at FROM version_checks WHERE version_id = $1"
    if (first := checked[0])["version_id"] != UUID(version):
        assert row(instance, again, first["version_id"])[0] == first["checked_at"]
    status, anew = verify(stored, "--no-open", "--restart")
    assert (status, anew["resumed"]) == (0, False)


def unlocked(stored: Stored, *words: str) -> tuple[int, dict[str, Any]] | None:
    """The server frees the lock of a process that was killed as soon as it notices."""
    done = run(stored, "verify", "--json", *words)
    return (done.exit_code, json.loads(done.stdout)) if done.stdout else None


def test_rows_that_lie_are_damage_that_only_opening_shows(stored: Stored) -> None:
    instance, version = stored.world.instance, stored.version("well")
    sealed = bytearray(stored.object("well").read_bytes())
    kept = bytes(sealed)
    sealed[-1] ^= 1
    swap = "UPDATE segments SET sealed_sha256 = sha256($2) WHERE version_id = $1"
    try:
        stored.object("well").write_bytes(sealed)
        rows(instance, swap, UUID(version), bytes(sealed))
        assert verify(stored, "--version", version, "--no-open")[0] == 0
        status, found = verify(stored, "--version", version)
        assert (status, findings(found)) == (1, {version: "object-does-not-open"})
    finally:
        stored.object("well").write_bytes(kept)
        rows(instance, swap, UUID(version), kept)
    wrong = "UPDATE versions SET sha256 = sha256('other') WHERE id = $1"
    digest = row(instance, "SELECT sha256 FROM versions WHERE id = $1", UUID(version))[0]
    try:
        rows(instance, wrong, UUID(version))
        status, found = verify(stored, "--version", version)
        assert (status, findings(found)) == (1, {version: "content-digest-differs"})
    finally:
        rows(instance, "UPDATE versions SET sha256 = $2 WHERE id = $1", UUID(version), digest)
    assert verify(stored, "--version", version)[0] == 0


def test_what_no_row_names_is_counted_and_left(stored: Stored) -> None:
    name = new_object_key()
    stray = stored.world.instance.objects / name[0] / name[1] / name
    stray.write_bytes(b"nobody's")
    try:
        assert verify(stored, "--restart")[1]["unnamed_objects"] == 0  # it may be on its way to a row
        os.utime(stray, (0, 0))
        document = eventually(lambda: verify(stored, "--restart")[1])
        assert document["unnamed_objects"] == 1 or not stray.exists()
    finally:
        stray.unlink(missing_ok=True)


def test_it_says_why_it_cannot_look(stored: Stored, tmp_path: Path) -> None:
    objects = stored.world.instance.objects
    moved = objects.with_name("objects.moved")
    objects.rename(moved)
    try:
        gone = run(stored, "verify")
        assert not objects.exists()
    finally:
        moved.rename(objects)
    assert (gone.exit_code, "is not there" in gone.stderr) == (2, True)
    for words, sentence in {("--rate", "fast"): "A rate is a number", (): "No Redwell runs from"}.items():
        folder = tmp_path if not words else stored.world.instance.data
        done = CliRunner().invoke(app, ["verify", "--data", str(folder), *words])
        assert (done.exit_code, sentence in done.stderr) == (2, True)


def test_nothing_of_a_revoked_firm_is_opened_and_none_of_it_is_called_damaged(stored: Stored) -> None:
    def keys(verb: str) -> int:
        data = str(stored.world.instance.data)
        return (
            CliRunner().invoke(app, ["keys", verb, "--data", data, f"--firm={stored.world.firm}"]).exit_code
        )

    assert keys("revoke") == 0
    try:
        _, found = verify(stored, "--restart")
    finally:
        assert keys("reinstate") == 0
    assert (found["opened"], "key-does-not-open" in findings(found).values()) == (0, False)
    assert found["versions"] >= len(SIZES)
