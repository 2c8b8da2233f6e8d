import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[2]
WORKER = Path(__file__).with_name("tiny_worker.py")
SUPERVISOR = """
import json, os, sys
from pathlib import Path
from services.host.errors import HostError
from services.host.listeners import Address
from services.host.supervisor import HostOptions, Supervisor

data, worker, mode, port = sys.argv[1:]

def announce(supervisor):
    told = {"public": supervisor.public_port, "ops": supervisor.ops_port}
    print(json.dumps(told), flush=True)

def prepare(dsn):
    assert "host=" in dsn
    return {"PREPARED": "yes"}

options = HostOptions(
    data=Path(data),
    worker_command=[sys.executable, worker, mode],
    environment={**os.environ, "PYTHONPATH": os.getcwd()},
    listen=Address("localhost", int(port)),
    ops=Address("127.0.0.1", 0),
    workers=2,
)
try:
    Supervisor(options, prepare).run(announce)
except HostError as error:
    sys.exit(f"redwell: {error}")
"""
Start = Callable[..., "Running"]


class Running:
    """A supervisor in a process of its own."""

    def __init__(self, data: Path, mode: str = "serve", port: int = 0) -> None:
        self.data = data
        self.process = subprocess.Popen(
            [sys.executable, "-c", SUPERVISOR, str(data), str(WORKER), mode, str(port)],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.ports: dict[str, int] = {}

    def wait_until_ready(self) -> "Running":
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        self.ports = json.loads(line)
        return self

    def ask(self, door: str = "public") -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[door], timeout=10)
        try:
            connection.request("GET", "/")
            answer: dict[str, Any] = json.loads(connection.getresponse().read())
            return answer
        finally:
            connection.close()

    def children(self) -> list[int]:
        words = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(word) for word in words]

    def postgres_pid(self) -> int:
        return int((self.data / "postgres" / "data" / "postmaster.pid").read_text().split()[0])

    def stop(self, number: int = signal.SIGTERM) -> float:
        """Send the signal; returns the seconds until everything was gone."""
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(15)
        return time.monotonic() - began


@pytest.fixture
def data() -> Iterator[Path]:
    # Not tmp_path: as root that lies below a folder which the account of Postgres may not enter.
    folder = Path(tempfile.mkdtemp(prefix="redwell host "))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def start(data: Path) -> Iterator[Start]:
    started: list[Running] = []

    def begin(**options: Any) -> Running:
        started.append(Running(data, **options))
        return started[-1]

    yield begin
    for running in started:
        with running.process:
            running.process.kill()
    # The workers of a killed supervisor hold this until they are gone.
    subprocess.run(["flock", data / ".workers", "true"], check=True, timeout=20)
    subprocess.run(["flock", data / "postgres" / ".alive", "true"], check=False, timeout=20)


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def eventually(condition: Callable[[], bool], seconds: float = 30.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        Event().wait(0.02)
    return False


def test_everything_starts_answers_and_stops_in_time(start: Start) -> None:
    running = start().wait_until_ready()
    answer = running.ask()
    assert (answer["malloc"], answer["prepared"]) == ("268435456", "yes")
    assert running.ask("ops")["pid"] in running.children()
    children = running.children()
    assert len(children) == 3
    assert running.stop() < 10
    assert running.process.returncode == 0
    assert all(is_gone(pid) for pid in children)


def test_an_interrupt_stops_everything_though_a_transfer_is_open(start: Start) -> None:
    running = start().wait_until_ready()
    children = running.children()
    with socket.create_connection(("127.0.0.1", running.ports["public"])) as stalled:
        stalled.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\nx")
        running.ask()
        assert running.stop(signal.SIGINT) < 10
    assert running.process.returncode == 0
    assert all(is_gone(pid) for pid in children)


def test_a_killed_worker_is_replaced_while_the_others_serve(start: Start) -> None:
    running = start().wait_until_ready()
    killed = running.ask()["pid"]
    os.kill(killed, signal.SIGKILL)
    assert eventually(lambda: is_gone(killed) and len(running.children()) == 3)
    assert running.ask()["pid"] != killed
    assert running.stop() < 10


def test_a_killed_postgres_is_started_again(start: Start) -> None:
    running = start().wait_until_ready()
    killed = running.postgres_pid()
    os.kill(killed, signal.SIGKILL)
    ready = running.data / "postgres" / "data" / "postmaster.pid"

    def replaced() -> bool:
        try:
            words = ready.read_text().split()
        except FileNotFoundError:
            return False
        return bool(words) and words[0] != str(killed) and words[-1] == "ready"

    assert eventually(replaced)
    assert running.ask()["prepared"] == "yes"
    assert running.stop() < 10


def test_after_the_supervisor_was_killed_the_next_start_recovers(start: Start) -> None:
    first = start().wait_until_ready()
    orphans = first.children()
    port = first.ports["public"]
    first.process.kill()
    second = start(port=port).wait_until_ready()
    assert second.ask()["pid"] not in orphans
    assert all(is_gone(pid) for pid in orphans)
    assert second.stop() < 10


def test_after_everything_was_killed_the_next_start_recovers(start: Start) -> None:
    first = start().wait_until_ready()
    for pid in (first.process.pid, *first.children()):
        os.kill(pid, signal.SIGKILL)
    second = start(port=first.ports["public"]).wait_until_ready()
    assert second.ask()["prepared"] == "yes"
    assert second.stop() < 10


def test_a_second_supervisor_on_the_same_folder_is_refused(start: Start) -> None:
    first = start().wait_until_ready()
    _, sentence = start().process.communicate(timeout=20)
    assert sentence == f"redwell: Redwell already runs on {first.data}.\n"
    assert first.ask()["prepared"] == "yes"


def test_a_taken_port_is_one_sentence_and_nothing_is_left(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = start(port=port)
        _, sentence = refused.process.communicate(timeout=20)
    assert sentence.startswith(f"redwell: Cannot listen on localhost:{port}")
    assert refused.process.returncode == 1


def test_workers_that_cannot_start_end_the_start(start: Start) -> None:
    failing = start(mode="fail")
    _, words = failing.process.communicate(timeout=30)
    assert "this worker cannot start" in words
    assert "redwell: The workers do not start" in words
    assert not (failing.data / "postgres" / "data" / "postmaster.pid").exists()
