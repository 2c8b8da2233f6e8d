"""What the documentation tells people to type, typed."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.folders import throwaway_folder
from tests.harness.instance import ROOT, Instance

BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def fresh() -> Iterator[Instance]:
    with throwaway_folder() as folder:
        instance = Instance(folder, workers=1).start()
        try:
            yield instance
        finally:
            assert instance.stop() == 0


@pytest.fixture(scope="module")
def redwell(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command line with the interpreter that runs the tests, as the `redwell` script starts it."""
    script = tmp_path_factory.mktemp("bin") / "redwell"
    script.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -P -m services.cli "$@"\n')
    script.chmod(0o755)
    return script


def test_the_journey_runs_as_it_is_written(fresh: Instance, redwell: Path, tmp_path: Path) -> None:
    blocks = BLOCK.findall((ROOT / "docs" / "journey.md").read_text())
    assert len(blocks) == 7
    told = {
        "URL": fresh.url,
        "CA": str(fresh.ca),
        "CODE": fresh.operator_code,
        "FINGERPRINT": fresh.fingerprint,
        "REDWELL": str(redwell),
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(blocks)],
        cwd=tmp_path,
        env=os.environ | told,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert (tmp_path / "fetched.txt").read_bytes() == (tmp_path / "complaint.txt").read_bytes()
    assert "complete for matter" in done.stdout.lower() or "complete" in done.stdout.lower()


def test_the_readme_names_commands_that_exist(redwell: Path) -> None:
    blocks = BLOCK.findall((ROOT / "README.md").read_text())
    commands = sorted(line.split()[1] for block in blocks for line in block.splitlines() if line)
    assert commands == ["demo", "get", "join", "login", "ls", "put", "test", "up"]
    for command in commands:
        done = subprocess.run([redwell, command, "--help"], capture_output=True, text=True, check=False)
        assert done.returncode == 0
        assert command in done.stdout


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150


def test_links_between_documents_lead_somewhere() -> None:
    for document in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name} -> {target}"


def test_paths_named_in_the_architecture_exist() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text() + (ROOT / "docs" / "threat-model.md").read_text()
    for path in set(re.findall(r"`((?:services|tests|contracts|migrations|docs|clients)/[^`\s{}]*)`", text)):
        assert (ROOT / path).exists(), path
