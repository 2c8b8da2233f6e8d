"""The services shape: four processes and an nginx, on a Postgres and keys as `redwell prepare` makes them."""

import asyncio
import json
import os
import select
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field

import httpx

from services.audit.offline.note import fingerprint
from services.auth.bootstrap import ensure_platform
from services.host.edge import EdgeOptions, prepare_run_folder, render_nginx
from services.host.listeners import Address
from services.host.postgres import EmbeddedPostgres
from services.host.prepare import DATABASE, prepare_database, read_or_create_passwords
from services.kernel.settings import Settings
from services.keys.certificates import ensure_certificates
from services.keys.files import KeyDirectory
from tests.harness.instance import ROOT, Instance, StartError
from tests.harness.parts import require_program
from tests.harness.ports import free_port

NAMES = ("auth", "docs", "audit", "gateway")
START_SECONDS = 120


@dataclass
class EdgeInstance(Instance):
    """The same product as `Instance`, as processes of their own behind Debian's nginx."""

    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict, repr=False)
    shape = "services"

    def start(self) -> "EdgeInstance":
        nginx = require_program("nginx", "nginx-light")
        self.data.mkdir(mode=0o711, exist_ok=True)
        self.postgres = EmbeddedPostgres(self.data / "postgres")
        self.postgres.start()
        self.listens = {name: (free_port(), free_port()) for name in NAMES}
        self.environment = environment = self._prepare()
        for name in NAMES:
            self._serve(name, environment)
        self._wait_until_ready()
        self._start_nginx(nginx)
        return self

    def _prepare(self) -> dict[str, str]:
        keys = KeyDirectory(self.data / "keys")
        keys.ensure()
        passwords = read_or_create_passwords(self.data / "database.json")
        asyncio.run(prepare_database(self.postgres.superuser_dsn(), passwords))
        url = f"https://localhost:{self.port}"
        environment = {
            "REDWELL_PUBLIC_URL": url,
            "REDWELL_KEYS": str(keys.path),
            "REDWELL_OBJECTS": str(self.objects),
            "REDWELL_DATABASE_HOST": str(self.postgres.socket_directory),
            "REDWELL_DATABASE_NAME": DATABASE,
            "REDWELL_DATABASE_PASSWORDS": json.dumps(passwords),
            "REDWELL_CHECKPOINT_INTERVAL_SECONDS": "0.3",
            "REDWELL_MAIL_URL": f"file://{self.mail}",
            **self.settings,
        }
        code = asyncio.run(ensure_platform(Settings.from_environment(environment), self.clock.now))
        self.tls = ensure_certificates(self.data / "tls", ["localhost", "127.0.0.1"], self.clock.now())
        self.announcement = {
            "url": url,
            "ca": str(self.tls.ca),
            "operator_code": code,
            "fingerprint": fingerprint(keys.log_key().public_bytes),
        }
        return environment

    def _serve(self, name: str, environment: dict[str, str]) -> None:
        told = {key: value for key, value in os.environ.items() if not key.startswith("REDWELL_")}
        told.pop("COVERAGE_PROCESS_START", None)  # the same tests show the same code in one process
        listen, ops = (f"127.0.0.1:{port}" for port in self.listens[name])
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "tests.harness.alone", name, listen, ops, str(self.clock.path)],
                cwd=ROOT,
                env={**told, **environment},
                stdout=log,
                stderr=log,
            )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        for name, (_, ops) in self.listens.items():
            while not _is_ready(ops):
                if time.monotonic() > deadline or self.processes[name].poll() is not None:
                    raise StartError((self.folder / f"{name}.log").read_text()[-4000:])
                _pause()

    def _start_nginx(self, nginx: str) -> None:
        self.run = self.folder / "nginx"
        prepare_run_folder(self.run)
        local = {name: Address("127.0.0.1", self.listens[name][0]) for name in NAMES}
        options = EdgeOptions(
            listen=Address("127.0.0.1", self.port),
            host=f"localhost:{self.port}",
            chain=self.tls.chain,
            key=self.tls.key,
            run=self.run,
            **local,
        )
        configuration = self.folder / "nginx.conf"
        configuration.write_text(render_nginx(options))
        command = [nginx, "-c", str(configuration), "-e", str(self.run / "error.log"), "-g", "daemon off;"]
        self.processes["nginx"] = subprocess.Popen(command)
        deadline = time.monotonic() + START_SECONDS
        while not _listens(self.port):
            if time.monotonic() > deadline or self.processes["nginx"].poll() is not None:
                raise StartError((self.run / "error.log").read_text())
            _pause()

    def stop(self) -> int:
        statuses = []
        for name in ("nginx", *NAMES):
            process = self.processes.pop(name)
            process.terminate()
            statuses.append(process.wait(15))
        self.postgres.stop()
        return max(statuses)

    def kill(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait(15)
        self.processes.clear()
        self.postgres.stop()

    @property
    def alive(self) -> bool:
        return bool(self.processes)

    def ready(self) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.listens['docs'][1]}/readyz", trust_env=False, timeout=10)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _pause() -> None:
    """Let other processes get on; the loops around it end by what they wait for."""
    select.select([], [], [], 0.05)


def _is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False, timeout=5).status_code == 200
    except httpx.TransportError:
        return False
