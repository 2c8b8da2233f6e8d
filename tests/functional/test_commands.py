"""What people meet first at the terminal: the version, help, and what `prepare` says to a wrong address."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from services.evidence.service import VERSION
from tests.harness.instance import ROOT, Instance
from tests.harness.ports import free_port


def redwell(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    told = {name: value for name, value in os.environ.items() if not name.startswith("REDWELL_")}
    return subprocess.run(
        [sys.executable, "-P", "-m", "services.cli", *words],
        env={**told, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_version() -> None:
    done = redwell("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"redwell {VERSION}\n", "")


def test_the_help_of_verify_names_every_option() -> None:
    done = redwell("audit", "verify", "--help")
    assert done.returncode == 0
    for word in ("FILE", "--pin", "--origin", "--checkpoint", "2 usage"):
        assert word in done.stdout


def test_verify_takes_every_option(tmp_path: Path) -> None:
    checkpoint = tmp_path / "kept"
    checkpoint.write_text("none")
    (tmp_path / "-bundle.zip").write_bytes(b"no zip")
    pin = f"SHA256:{'A' * 43}"
    words = ["--pin", pin, "--origin", "o", "--checkpoint", str(checkpoint), "--checkpoint", str(checkpoint)]
    done = redwell("audit", "verify", *words, str(tmp_path / "-bundle.zip"))
    assert (done.returncode, done.stdout[:7]) == (1, "REFUSED"), done.stderr
    assert redwell("audit", "verify").returncode == 2
    assert redwell("audit", "verify", str(tmp_path / "nothing.zip")).returncode == 2


@pytest.mark.parametrize("wrong", ["password", "host", "port", "database", "scheme", "words", "number"])
def test_prepare_tries_the_administrator_before_it_makes_anything(
    instance: Instance, tmp_path: Path, wrong: str
) -> None:
    place = quote(instance.announcement_socket(), safe="")
    urls = {
        "password": f"postgresql://postgres:wrong-s3cret@/postgres?host={place}",
        "host": "postgresql://postgres:wrong-s3cret@nowhere.invalid/postgres",
        "port": f"postgresql://postgres:wrong-s3cret@127.0.0.1:{free_port()}/postgres",
        "database": instance.superuser_dsn().replace("/redwell?", "/nowhere?"),
        "scheme": "https://postgres:wrong-s3cret@127.0.0.1/postgres",
        "words": "wrong-s3cret",
        "number": "postgresql://postgres:wrong-s3cret/x@127.0.0.1/postgres",
    }
    data = tmp_path / "data"
    done = redwell("prepare", "--data", str(data), REDWELL_DATABASE_ADMIN_URL=urls[wrong])
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("redwell: ")
    assert done.stderr.count("\n") == 1, done.stderr
    assert "s3cret" not in done.stderr
    assert not data.exists()
