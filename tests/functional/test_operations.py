"""What docs/operations.md says for separate services, typed, with this machine's places put in."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import httpx
import pyotp

from clients.python.redwell_client import Redwell
from services.kernel.clock import system_clock
from tests.harness.eventually import eventually
from tests.harness.folders import throwaway_folder
from tests.harness.instance import ROOT
from tests.harness.parts import require_program
from tests.harness.people import PASSWORD
from tests.harness.ports import free_port
from tests.harness.server import administered_postgres

BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
SERVICES = {"gateway": "9001", "auth": "9002", "docs": "9003", "audit": "9004"}
PUBLIC = "443"
START_SECONDS = 40


def documented(folder: Path, postgres: str, ports: dict[str, str]) -> tuple[str, list[str], str]:
    """The page's three blocks (prepare, serve line by line, nginx), with our folder, Postgres and ports."""
    prepare, serve, nginx = BLOCK.findall((ROOT / "docs" / "operations.md").read_text())
    places = {
        "./redwell": f"env PYTHONPATH={ROOT} {sys.executable} -P -m services.cli",
        "/srv/redwell": f"{folder}/redwell",
        "postgresql://admin@db.internal/postgres": postgres,
        "https://files.example.com": f"https://localhost:{ports[PUBLIC]}",
        " --cert /etc/ssl/files.pem --key /etc/ssl/files.key": "".join(
            f" --service {name}=127.0.0.1:{port}" for name, port in SERVICES.items()
        ),
        "nginx -c": f"{require_program('nginx', 'nginx-light')} -e {folder}/nginx.log -g 'daemon off;' -c",
    }

    def placed(text: str) -> str:
        for told, ours in places.items():
            text = text.replace(told, ours)
        return re.sub(
            r"(?<=\d\.\d\.\d\.\d:)\d+|(?<=127\.0\.0\.1:)\d+", lambda port: ports.get(port[0], port[0]), text
        )

    return placed(prepare), placed(serve).splitlines(), placed(nginx)


@contextmanager
def running(command: str, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A line of the page as a process; it ends well when told to."""
    with log.open("ab") as told:
        process = subprocess.Popen(["bash", "-euc", f"exec {command}"], stdout=told, stderr=told)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, log.read_text()


def is_ready(address: str) -> bool:
    try:
        return httpx.get(f"http://{address}/readyz", trust_env=False, timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def test_separate_services_run_as_it_is_written() -> None:
    with throwaway_folder() as folder, ExitStack() as stack:
        ports = {str(port): str(free_port()) for port in (443, *range(9001, 9005), *range(9101, 9105))}
        postgres = stack.enter_context(administered_postgres(folder))
        prepare, serve, nginx = documented(folder, postgres, ports)
        prepared = subprocess.run(["bash", "-euc", prepare], capture_output=True, text=True, check=False)
        assert prepared.returncode == 0, prepared.stderr
        assert (folder / "redwell.env").stat().st_mode & 0o077 == 0
        code = prepared.stderr.split()[-1]
        assert code not in (folder / "redwell.env").read_text()
        for line in serve:
            with_environment = f"env -i bash -euc 'set -a; . {folder}/redwell.env; exec {line}'"
            stack.enter_context(running(with_environment, folder / "services.log"))
        for line in serve:
            eventually(partial(is_ready, line.split()[-1]), START_SECONDS)
        stack.enter_context(running(nginx.strip(), folder / "nginx.log"))
        url, ca = f"https://localhost:{ports[PUBLIC]}", folder / "redwell" / "tls" / "ca.pem"
        with Redwell(url, ca=ca) as client:
            eventually(lambda: answers(client), START_SECONDS)
            joined = client.join(code, "operator@example.com", "Operator", PASSWORD)
            client.confirm_join(joined["challenge"], pyotp.TOTP(joined["totp"]["secret"]).at(system_clock()))
            made = client.call("POST", "/v1/organizations", {"kind": "firm", "name": "Harbour & Quill LLP"})
            assert made["organization"]["kind"] == "firm"
        again = subprocess.run(["bash", "-euc", prepare], capture_output=True, text=True, check=False)
        assert again.returncode == 0, again.stderr
        assert "operator" not in again.stderr


def answers(client: Redwell) -> bool:
    try:
        return bool(client.call("GET", "/v1/openapi.json"))
    except httpx.TransportError:
        return False


def test_what_cannot_be_prepared_is_said_in_one_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "services.cli"]
    nowhere = f"postgresql://admin:secret-word@127.0.0.1:{free_port()}/postgres"
    cases = {
        ("prepare", "--data", str(tmp_path)): {},
        ("prepare", "--data", str(tmp_path / "new")): {"REDWELL_DATABASE_ADMIN_URL": nowhere},
        ("edge", "--data", str(tmp_path)): {},
        ("edge", "--data", str(tmp_path), "--cert", "one"): {"REDWELL_PUBLIC_URL": "https://localhost"},
        ("edge", "--data", str(tmp_path), "--service", "mail=1:2"): {
            "REDWELL_PUBLIC_URL": "https://localhost"
        },
    }
    for words, environment in cases.items():
        done = subprocess.run(
            [*command, *words],
            env={"PYTHONPATH": str(ROOT), **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert done.stderr.startswith("redwell: ")
        assert len(done.stderr.splitlines()) == 1, done.stderr
        assert "secret-word" not in done.stderr + done.stdout
