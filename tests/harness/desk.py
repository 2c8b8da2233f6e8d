"""Somebody's own machine, as far as Redwell is on it: commands as they are typed, at a terminal or not."""

import contextlib
import fcntl
import json
import os
import pty
import re
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.harness.cutting import ADDRESS
from tests.harness.people import Person, World

ROOT = Path(__file__).parents[2]
REDWELL = [sys.executable, "-P", "-m", "services.cli"]
_OBEYED = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
OVER_THE_LINE = [sys.executable, "-P", "-m", "tests.harness.elsewhere"]


class Desk:
    """Somebody's own machine. `over_the_line`: what it sends goes by `tests.harness.cutting`."""

    over_the_line = False

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.folder = world, folder
        folder.mkdir()
        self.config = folder / "config"
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "XDG_CONFIG_HOME": str(self.config),
            "COLUMNS": "200",
            "TERM": "xterm",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",  # as on a machine without one
            "REDWELL_TEST_ADDRESS": ADDRESS,
        }

    def command(self, *words: object) -> list[str]:
        return [*(OVER_THE_LINE if self.over_the_line else REDWELL), *map(str, words)]

    @contextlib.contextmanager
    def started(self, *words: object) -> Iterator["subprocess.Popen[str]"]:
        """A command that is under way, and is killed at the end if it still is."""
        with subprocess.Popen(
            self.command(*words),
            env=self.environment,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def run(self, *words: object) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.command(*words),
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def result(self, *words: object) -> dict[str, Any]:
        done = self.run(*words, "--json")
        assert done.returncode == 0, done.stderr + done.stdout
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    @property
    def place(self) -> list[str]:
        """Where the instance is, as options of `login`."""
        return ["--url", self.world.instance.url, "--ca", str(self.world.instance.ca)]

    def login(self, person: Person, *words: str) -> tuple[int, str]:
        """At a terminal: the exit status, and everything it showed."""
        self.world.instance.clock.advance(31)
        code = person.code(self.world.instance.clock.now())
        answers = [("e-mail address: ", person.email), ("password: ", person.password), ("shows: ", code)]
        told = typed([*REDWELL, "login", "--password", *self.place, *words], self.environment, answers)
        self.world.instance.clock.advance(31)  # the code is used; whoever needs one next gets another
        self.world.renew()
        return told


class Terminal:
    """A command at a terminal of its own. `shown` is everything that it has shown."""

    def __init__(
        self,
        command: Sequence[str],
        environment: dict[str, str],
        answers: Sequence[tuple[str, str]] = (),
    ) -> None:
        self.shown = ""
        self._answers = list(answers)
        self._ours, theirs = pty.openpty()
        self._process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment,
            start_new_session=True,
            preexec_fn=_take_terminal,  # noqa: PLW1509 -- nothing else runs in the child before its program
        )
        os.close(theirs)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def read(self) -> str:
        """What it has shown, without what a terminal obeys."""
        return _OBEYED.sub("", self.shown)

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def wait(self) -> int:
        """The exit status, once it has ended."""
        status = self._process.wait(120)
        self._reader.join(30)
        os.close(self._ours)
        return status

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # the other side has closed
            while more := os.read(self._ours, 4096):
                self.shown += more.decode(errors="replace")
                if self._answers and self.shown.endswith(self._answers[0][0]):
                    self.type(f"{self._answers.pop(0)[1]}\n")


def typed(
    command: Sequence[str], environment: dict[str, str], answers: Sequence[tuple[str, str]]
) -> tuple[int, str]:
    """Run a command at a terminal of its own, answering its prompts in their order."""
    terminal = Terminal(command, environment, answers)
    return terminal.wait(), terminal.shown


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def states(result: dict[str, Any]) -> list[str]:
    """What became of each file, of the object that a command printed."""
    return sorted(row["state"] for row in result["files"])
