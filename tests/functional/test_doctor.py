"""`redwell doctor` on a running and a stopped instance, and on what is no instance."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness.folders import throwaway_folder
from tests.harness.instance import ROOT, Instance


@pytest.fixture(scope="module")
def own() -> Iterator[Instance]:
    with throwaway_folder() as folder:
        instance = Instance(folder, workers=1).start()
        try:
            yield instance
        finally:
            if instance.alive:
                assert instance.stop() == 0


def doctor(data: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    told = {name: value for name, value in os.environ.items() if not name.startswith("REDWELL_")}
    return subprocess.run(
        [sys.executable, "-P", "-m", "services.cli", "doctor", "--data", str(data), *words],
        env={**told, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def findings(instance: Instance) -> tuple[int, dict[str, dict[str, Any]]]:
    done = doctor(instance.data, "--json", "--ops", f"localhost:{instance.ops_port}")
    assert not done.stderr
    document = json.loads(done.stdout)
    assert (document["verdict"] == "mend") is (done.returncode == 1)
    for found in document["findings"]:
        assert found["next"] or found["verdict"] != "mend"
    return done.returncode, {found["text"]: found for found in document["findings"]}


def fingerprint_of(folder: Path) -> str:
    """Names, modes and contents of everything but what a running Postgres, or a sweep, writes by itself."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if "postgres" not in path.parts and not _is_mark(path):
            digest.update(f"{path}{path.lstat().st_mode}".encode())
            digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()


def _is_mark(path: Path) -> bool:
    """The store's mark, which is new with every round of the sweep, or one on its way."""
    return path.parent.name == "objects" and (path.name == "mark" or path.name.startswith(".incoming-"))


def test_a_running_instance_is_fine_and_nothing_is_changed(own: Instance) -> None:
    before = fingerprint_of(own.data)
    status, found = findings(own)
    assert status == 0, found
    texts = "\n".join(found)
    for expected in (
        "Redwell runs on this folder.",
        "alive and ready",
        "The database answers.",
        "The schema is at revision",
        "root.key (",
        "is valid until",
        "The object store, the folder",
        "logs with",
        "are free for",
        own.fingerprint,
    ):
        assert expected in texts
    assert fingerprint_of(own.data) == before


def test_no_secret_is_shown(own: Instance) -> None:
    shown = doctor(own.data).stdout + doctor(own.data, "--json").stdout
    secrets = [*json.loads((own.data / "database.json").read_text()).values()]
    for file in (own.data / "keys").iterdir():
        secrets += [
            line.removeprefix("key: ")
            for line in file.read_text().splitlines()
            if len(line) > 40 and "-" * 5 not in line
        ]
    assert len(secrets) > 8
    assert not [secret for secret in secrets if secret in shown and not secret.startswith("id: ")]


def test_open_files_and_a_wrong_address_are_found(own: Instance) -> None:
    key = own.data / "keys" / "subjects.key"
    key.chmod(0o644)
    try:
        done = doctor(own.data, "--ops", "127.0.0.1:1")
    finally:
        key.chmod(0o600)
    assert done.returncode == 1
    assert f"chmod 600 '{key}'" in done.stdout
    assert "Nothing answers /livez at 127.0.0.1:1" in done.stdout
    assert "2 to mend." in done.stdout


def test_a_stopped_instance_is_looked_at_too(own: Instance) -> None:
    assert own.stop() == 0
    try:
        before = fingerprint_of(own.data)
        status, found = findings(own)
        assert status == 0, found
        assert any("Redwell is stopped" in text for text in found)
        assert fingerprint_of(own.data) == before
        assert not (own.data / "postgres" / "data" / "postmaster.pid").exists()
    finally:
        own.start()


def test_what_is_no_instance_cannot_be_looked_at(tmp_path: Path) -> None:
    done = doctor(tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("redwell: ")
    assert "--data" in done.stderr
