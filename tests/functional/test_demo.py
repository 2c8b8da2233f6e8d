"""`redwell demo` as a user starts it: what it prints, what it counts, and that it leaves nothing behind."""

import json
import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.folders import throwaway_folder

ROOT = Path(__file__).parents[2]
SECONDS = 120


@pytest.fixture
def temporary() -> Iterator[Path]:
    with throwaway_folder() as folder:
        yield folder


def _start(temporary: Path, *words: object) -> "subprocess.Popen[str]":
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "services.cli", "demo", *map(str, words)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _wait_for_end_of(pid: int) -> None:
    """Of a process that is not our child."""
    descriptor = os.pidfd_open(pid)
    try:
        assert select.select([descriptor], [], [], 30)[0]
    finally:
        os.close(descriptor)


def test_the_sample_is_played_kept_and_repeated_by_hand(temporary: Path) -> None:
    with _start(temporary, "--json", "--keep") as demo:
        printed, story = demo.communicate(timeout=SECONDS)
    assert demo.returncode == 0, story
    result = json.loads(printed)
    assert result["seconds"] < 60
    assert (result["uploaded"], result["fetched"], result["sealed"]) == (11, 9, 11)
    assert result["denied"] >= 7
    assert result["events"] > 60
    assert (result["verified"], result["tamper_detected"]) == (True, True)
    assert "NOT AS EXPECTED" not in story
    keeper = int(re.findall(r"^  kill (\d+)$", story, re.MULTILINE)[0])
    try:
        _repeat_by_hand(story, temporary)
    finally:
        os.kill(keeper, signal.SIGTERM)
        _wait_for_end_of(keeper)
    assert list(temporary.glob("redwell-demo-*")) == []


def _repeat_by_hand(story: str, folder: Path) -> None:
    """Run the lines that the demo printed: a list, a fetch, and a refusal."""
    lines = re.findall(r"^  ((?:TOKEN=|curl ).*)$", story, re.MULTILINE)[:5]
    script = "\n".join(lines)
    done = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=False)
    assert "Statement of Claim.pdf" in done.stdout
    assert "errors/not-found" in done.stdout
    (fetched,) = folder.glob("document.*")
    assert fetched.stat().st_size > 0


def test_files_of_ones_own_take_the_place_of_the_sample(temporary: Path, tmp_path: Path) -> None:
    case = tmp_path / "a case"
    case.mkdir()
    for name in ('quo"ted $(x).txt', "-rf *.eml", "[red]Ωмега[bold].tif"):
        (case / name).write_text(name * 1000)
    with _start(temporary, "--json", case) as demo:
        printed, story = demo.communicate(timeout=SECONDS)
    assert demo.returncode == 0, story
    result = json.loads(printed)
    assert (result["uploaded"], result["fetched"], result["sealed"]) == (3, 2, 3)
    assert "[red]Ωмега[bold].tif" in story
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_nothing_behind(temporary: Path, number: signal.Signals) -> None:
    with _start(temporary) as demo:
        assert demo.stdout is not None
        for line in demo.stdout:
            if "People join" in line:
                break
        assert list(temporary.glob("redwell-demo-*"))
        demo.send_signal(number)
        rest, _ = demo.communicate(timeout=SECONDS)
    assert demo.returncode == 130
    assert "Nothing is left behind" in rest
    assert list(temporary.iterdir()) == []


def test_files_that_cannot_be_played_with_are_one_sentence(temporary: Path, tmp_path: Path) -> None:
    with _start(temporary, tmp_path / "missing") as demo:
        printed, complaint = demo.communicate(timeout=SECONDS)
    assert (demo.returncode, printed) == (1, "")
    assert complaint.startswith("redwell: ")
    assert len(complaint.splitlines()) == 1
