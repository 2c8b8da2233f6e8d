"""`redwell test`: what CI runs, in the order in which a mistake shows fastest. And `redwell bench`."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = ("services", "clients", "tests", "bench", "migrations", "examples")
GROUPS = ("unit", "functional", "security", "faults", "clients")


def run(arguments: Sequence[str]) -> int:
    """Everything; or the named groups of tests alone; or pytest with these words.

    Returns:
        The exit status of the first step that failed, else 0.
    """
    if arguments:
        words = [f"tests/{word}" if word in GROUPS else word for word in arguments]
        return _step([sys.executable, "-m", "pytest", *words])
    for command in _everything():
        status = _step(command)
        if status != 0:
            return status
    return 0


def bench(arguments: Sequence[str]) -> int:
    """`python -m bench` with these words; its exit status."""
    return _step([sys.executable, "-m", "bench", *arguments])


def _everything() -> list[list[str]]:
    tools = Path(sys.executable).parent
    python = [sys.executable, "-m"]
    return [
        [str(tools / "ruff"), "check", "--quiet", "."],
        [str(tools / "ruff"), "format", "--check", "--quiet", "."],
        [str(tools / "lint-imports"), "--no-cache"],
        [*python, "mypy", *CODE],
        [*python, "services.cli", "contracts", "--check"],
        [*python, "coverage", "erase"],
        # What tests start is measured as pyproject.toml says; see tests/conftest.py.
        [
            *python,
            "coverage",
            "run",
            "--concurrency=thread",
            "-m",
            "pytest",
            "-n",
            "2",
            "--dist",
            "loadgroup",
        ],
        [*python, "coverage", "combine", "--quiet"],
        [*python, "coverage", "report"],
    ]


def _step(command: Sequence[str]) -> int:
    words = [Path(command[0]).name, *command[1:]]
    print(f"» {' '.join(words)}", file=sys.stderr, flush=True)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}  # noqa: TID251 -- the developer's own environment
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode  # noqa: S603 -- ours
