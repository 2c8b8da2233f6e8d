"""Data that an earlier release made, served by this one. `tests/upgrade-from` names the commit."""

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyotp
import pytest

from clients.python.redwell_client import ProblemError, Redwell
from services.audit.offline.verify import verify_bundle
from tests.harness.folders import throwaway_folder
from tests.harness.instance import ROOT, Instance
from tests.harness.parts import lack
from tests.harness.rows import rows

COMMIT = (ROOT / "tests" / "upgrade-from").read_text().strip()


@dataclass
class Upgraded:
    instance: Instance
    facts: dict[str, Any]

    def sign_in(self, name: str) -> Redwell:
        person, client = self.facts["people"][name], self.instance.client()
        challenge = client.sign_in(person["email"], person["password"])
        # A code is good once; the last one was used before the upgrade or a test before this.
        self.instance.clock.advance(31)
        client.confirm_sign_in(challenge, pyotp.TOTP(person["secret"]).at(self.instance.clock.now()))
        return client


def unpack_commit(target: Path) -> None:
    """The files of the earlier commit."""
    done = subprocess.run(["git", "archive", COMMIT], cwd=ROOT, capture_output=True, check=False)
    if done.returncode != 0:
        lack(f"the commit {COMMIT[:12]}", "the whole history (git fetch --unshallow)")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(target, filter="data")


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgraded]:
    code = tmp_path_factory.mktemp("before")
    unpack_commit(code)
    with throwaway_folder() as folder:
        told = {name: value for name, value in os.environ.items() if not name.startswith(("REDWELL_", "COV"))}
        played = subprocess.run(
            [sys.executable, "-P", ROOT / "tests" / "harness" / "play_before.py", folder],
            cwd=code,
            env=told | {"PYTHONPATH": str(code)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert played.returncode == 0, played.stderr
        instance = Instance(folder).start()
        try:
            yield Upgraded(instance, json.loads(played.stdout))
            assert instance.stop() == 0
        finally:
            if instance.alive:
                instance.kill()


def test_old_documents_are_what_they_were(upgraded: Upgraded, tmp_path: Path) -> None:
    with upgraded.sign_in("attorney") as attorney:
        named = {row["id"]: row["name"] for row in attorney.documents(upgraded.facts["matter"])}
        for document, digest in upgraded.facts["documents"].items():
            assert attorney.fetch(document, tmp_path / document) == digest
            assert hashlib.sha256((tmp_path / document).read_bytes()).hexdigest() == digest
            assert named[document].startswith("Before “")


def test_old_grants_open_what_they_opened_and_no_more(upgraded: Upgraded, tmp_path: Path) -> None:
    document, digest = next(iter(upgraded.facts["documents"].items()))
    with upgraded.sign_in("paralegal") as paralegal:
        paralegal.act_for(upgraded.facts["firm"])
        assert paralegal.fetch(document, tmp_path / "granted") == digest
    with upgraded.sign_in("ungranted") as ungranted:
        ungranted.act_for(upgraded.facts["firm"])
        with pytest.raises(ProblemError, match="404 not-found"):
            ungranted.fetch(document, tmp_path / "never")


def test_the_log_of_before_and_after_is_one_and_has_the_same_key(upgraded: Upgraded, tmp_path: Path) -> None:
    assert upgraded.instance.fingerprint == upgraded.facts["fingerprint"]
    content = b"put after the upgrade"
    (tmp_path / "after.txt").write_bytes(content)
    with upgraded.sign_in("attorney") as attorney:
        made = attorney.put(upgraded.facts["matter"], tmp_path / "after.txt", "pleadings")
        assert attorney.fetch(made["id"], tmp_path / "back") == hashlib.sha256(content).hexdigest()
    bundle = tmp_path / "all.zip"
    with upgraded.sign_in("officer") as officer:
        found = {row["event"]["object"]["document"] for row in officer.events(type="document.received")}
        assert found >= {made["id"], *upgraded.facts["documents"]}
        officer.bundle(bundle)
    verify_bundle(bundle, upgraded.facts["fingerprint"])


def test_there_is_an_operator_already(upgraded: Upgraded) -> None:
    assert upgraded.instance.announcement["operator_code"] is None


def test_the_key_that_signed_before_is_one_that_signs(upgraded: Upgraded) -> None:
    """Else the first rotation would take it for the next one, and replace nothing."""
    found = rows(upgraded.instance, "SELECT activated_at = created_at AS signs, retired_at FROM signing_keys")
    assert [(key["signs"], key["retired_at"]) for key in found] == [(True, None)]
