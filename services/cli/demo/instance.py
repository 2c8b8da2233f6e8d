"""A throwaway instance: its own folder, free ports, a process that owns both and cleans up."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from clients.python.redwell_client import Redwell, Tokens

ROOT = Path(__file__).resolve().parents[3]
KEEP = "keep"  # the word that lets the instance outlive the demo
STOP_SECONDS = 20.0
LOG_TAIL_CHARACTERS = 2000
RESERVE_BYTES = 400 * 1024 * 1024  # Postgres, its programs and its journal
_PASSABLE = 0o001


class InstanceError(Exception):
    """One sentence on why there is no instance."""


@dataclass
class Throwaway:
    """A running instance and the folder that goes with it."""

    folder: Path
    process: "subprocess.Popen[str]"
    url: str
    ca: Path
    fingerprint: str
    operator_code: str
    kept: bool = False
    clients: list[Redwell] = field(default_factory=list)

    @property
    def objects(self) -> Path:
        """Where the sealed objects lie."""
        return self.folder / "data" / "objects"

    @property
    def work(self) -> Path:
        """The demo's own files: what was fetched, the bundle."""
        return self.folder / "demo"

    def client(self, tokens: Tokens | None = None) -> Redwell:
        """Somebody's client; closed at the end, so that the server need not wait for it."""
        self.clients.append(Redwell(self.url, ca=self.ca, tokens=tokens))
        return self.clients[-1]

    def keep(self) -> None:
        """Let it run on after the demo."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{KEEP}\n")
        self.process.stdin.flush()
        self.kept = True


@contextlib.contextmanager
def throwaway(content_bytes: int) -> Iterator[Throwaway]:
    """Start an instance with room for so much content; afterwards it and its folder are gone, unless kept.

    Raises:
        InstanceError: it did not start; nothing is left of it.
    """
    folder = make_folder(content_bytes)
    process, kept = _spawn(folder), False
    try:
        instance = _announced(folder, process)
        try:
            yield instance
        finally:
            kept = instance.kept
            for client in instance.clients:
                client.close()
    finally:
        if not kept:
            _stop(process, folder)


def make_folder(content_bytes: int) -> Path:
    """A private folder; root's can be passed through by the account that Postgres is dropped to.

    Raises:
        InstanceError: there is no place for it, or not enough room.
    """
    places = [place for place in _places() if _usable(place)]
    if not places:
        raise InstanceError(f"None of {', '.join(map(str, _places()))} can hold a temporary instance.")
    needed = 2 * content_bytes + RESERVE_BYTES
    for place in places:
        if shutil.disk_usage(place).free >= needed:
            folder = Path(tempfile.mkdtemp(prefix="redwell-demo-", dir=place))
            folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
            (folder / "demo").mkdir(mode=0o700)
            return folder
    raise InstanceError(
        f"{needed // 1024**2} MiB must be free in {places[0]}; TMPDIR may name another place."
    )


def _places() -> list[Path]:
    """Each once, the configured one first."""
    found = [Path(tempfile.gettempdir()).resolve(), Path("/tmp"), Path("/var/tmp")]  # noqa: S108 -- mkdtemp makes it private
    return list(dict.fromkeys(found))


def _usable(place: Path) -> bool:
    if not os.access(place, os.W_OK | os.X_OK):
        return False
    above = (place, *place.parents)
    return os.geteuid() != 0 or all(folder.stat().st_mode & _PASSABLE for folder in above)


def python_environment() -> dict[str, str]:
    """For Python processes of ours: the caller's environment, without the settings of another instance."""
    environment = os.environ  # noqa: TID251 -- handed on
    kept = {
        name: value
        for name, value in environment.items()
        if name == "REDWELL_PG_BINDIR" or not name.startswith("REDWELL_")
    }
    return {**kept, "PYTHONPATH": str(ROOT)}


def _spawn(folder: Path) -> "subprocess.Popen[str]":
    with (folder / "instance.log").open("wb") as log:
        return subprocess.Popen(  # noqa: S603 -- our own program, no shell
            [sys.executable, "-P", "-m", "services.cli.demo.keeper", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd="/",
            env=python_environment(),
            text=True,
            # Ctrl-C at the terminal is for the demo, which lets its end of the pipe go.
            start_new_session=True,
        )


def _announced(folder: Path, process: "subprocess.Popen[str]") -> Throwaway:
    assert process.stdout is not None
    line = process.stdout.readline()
    message = json.loads(line) if line.startswith("{") else {"error": _log_tail(folder)}
    if "error" in message:
        raise InstanceError(f"The instance does not start: {message['error']}")
    return Throwaway(
        folder=folder,
        process=process,
        url=message["url"],
        ca=Path(message["ca"]),
        fingerprint=message["fingerprint"],
        operator_code=message["operator_code"],
    )


def _log_tail(folder: Path) -> str:
    log = folder / "instance.log"
    return (log.read_text("utf-8", "replace") if log.exists() else "")[-LOG_TAIL_CHARACTERS:].strip()


def _stop(process: "subprocess.Popen[str]", folder: Path) -> None:
    """Let go of the pipe, on which it stops and removes its folder; by force where that takes too long."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    shutil.rmtree(folder, ignore_errors=True)
