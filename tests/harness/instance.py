"""An embedded instance as a subprocess, with its clock, its folders and its ports."""

import json
import os
import signal
import ssl
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from clients.python.redwell_client import Redwell
from tests.harness.clock import ClockFile
from tests.harness.ports import free_port

ROOT = Path(__file__).resolve().parents[2]


class StartError(Exception):
    """The instance did not start; the message is what it printed."""


@dataclass
class Instance:
    """The product, started as people start it. `start` again after `stop` or `kill` uses the same data."""

    folder: Path
    workers: int = 2
    settings: dict[str, str] = field(default_factory=dict)
    announcement: dict[str, Any] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None
    measured: bool = False
    """Whether coverage looks at it, which doubles the time it needs: so only at what most tests share."""
    shape = "embedded"

    def __post_init__(self) -> None:
        self.data = self.folder / "data"
        self.log = self.folder / "instance.log"
        self.clock = ClockFile(self.folder / "clock")
        self.port, self.ops_port = free_port(), free_port()

    def start(self) -> "Instance":
        told = {name: value for name, value in os.environ.items() if not name.startswith("REDWELL_")}
        if not self.measured:
            told.pop("COVERAGE_PROCESS_START", None)
        command = [sys.executable, "-m", "tests.harness.up", str(self.data), str(self.clock.path)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, str(self.workers), str(self.port), str(self.ops_port)],
                cwd=ROOT,
                env={**told, "REDWELL_CHECKPOINT_INTERVAL_SECONDS": "0.3", **self.settings},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line.startswith("{"):
            self.process.wait(30)
            self.process.stdout.close()
            raise StartError(line + self.log.read_text()[-4000:])
        self.announcement = json.loads(line)
        return self

    def stop(self) -> int:
        """SIGTERM; returns the exit status."""
        assert self.process is not None
        self.process.terminate()
        status = self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status

    def kill(self) -> None:
        """`kill -9` of the supervisor alone; its children notice."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def url(self) -> str:
        return str(self.announcement["url"])

    @property
    def ca(self) -> Path:
        return Path(self.announcement["ca"])

    @property
    def operator_code(self) -> str:
        return str(self.announcement["operator_code"])

    @property
    def mail(self) -> Path:
        """The folder that mail is kept in, in place of a mail server."""
        return self.data / "mail"

    @property
    def fingerprint(self) -> str:
        return str(self.announcement["fingerprint"])

    @property
    def objects(self) -> Path:
        return self.data / "objects"

    def client(self) -> Redwell:
        return Redwell(self.url, ca=self.ca)

    def http(self, **options: Any) -> httpx.Client:
        """A bare HTTP client, for requests that no proper client would make."""
        context = ssl.create_default_context(cafile=str(self.ca))
        return httpx.Client(base_url=self.url, verify=context, timeout=60, trust_env=False, **options)

    def ready(self) -> httpx.Response:
        return httpx.get(f"http://localhost:{self.ops_port}/readyz", trust_env=False, timeout=10)

    def superuser_dsn(self) -> str:
        """The database as its administrator sees it, for faults that no service could make."""
        password = (self.data / "postgres" / "superuser.password").read_text().strip()
        socket_directory = self.announcement_socket()
        return f"postgresql://postgres:{password}@/redwell?host={socket_directory}"

    def announcement_socket(self) -> str:
        status = (self.data / "postgres" / "data" / "postmaster.pid").read_text().splitlines()
        return status[4]
