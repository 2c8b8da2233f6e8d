"""`redwell up` as people start it: again, twice, stopped under load, and where it must not listen."""

import contextlib
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.eventually import allowed, eventually
from tests.harness.folders import throwaway_folder
from tests.harness.instance import ROOT
from tests.harness.ledger import check_ledger
from tests.harness.outage import children, command_of
from tests.harness.parts import lack
from tests.harness.people import World
from tests.harness.ports import free_port
from tests.harness.rows import events
from tests.harness.stage import MIB, content_of, staged
from tests.harness.wire import Wire

READY_SECONDS, STOP_SECONDS = 8, 10


def up(data: Path, *words: str) -> "subprocess.Popen[str]":
    ops = f"localhost:{free_port()}"
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "services.cli", "up", "--data", str(data), "--ops", ops, *words],
        cwd="/",
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(data.parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def refusal(process: "subprocess.Popen[str]") -> str:
    """The one sentence of a start that is refused."""
    output, sentence = process.communicate(timeout=30)
    assert (process.returncode, output) == (1, "")
    assert sentence.count("\n") == 1
    assert sentence.startswith("redwell: ")
    return sentence


@pytest.fixture
def data() -> Iterator[Path]:
    with throwaway_folder() as folder:
        yield folder / "a folder"


def announced(process: "subprocess.Popen[str]") -> list[str]:
    """The lines of a start, up to the fingerprint, which comes once everything answers."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "Fingerprint" in line:
            return lines
    raise AssertionError(process.communicate()[1])


def stop(process: "subprocess.Popen[str]", number: int) -> float:
    began = time.monotonic()
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == 0
    return time.monotonic() - began


@pytest.fixture(scope="module")
def installed() -> None:
    """The workers of the true command inherit no PYTHONPATH: they need what `./redwell` made."""
    command = [sys.executable, "-P", "-c", "import services"]
    if subprocess.run(command, cwd="/", env={}, check=False, capture_output=True).returncode != 0:
        lack("the product in an environment of its own", "./redwell test")


@pytest.mark.usefixtures("installed")
def test_a_second_start_is_quick_and_another_beside_it_is_refused(data: Path) -> None:
    port = free_port()
    first = up(data, "--listen", f"localhost:{port}")
    fingerprint = announced(first)[-1]
    assert stop(first, signal.SIGINT) < STOP_SECONDS
    began = time.monotonic()
    second = up(data, "--listen", f"localhost:{port}")
    assert announced(second)[-1] == fingerprint
    assert time.monotonic() - began < allowed(READY_SECONDS)
    beside = refusal(up(data, "--listen", f"localhost:{free_port()}"))
    assert beside == f"redwell: Redwell already runs on {data}.\n"
    assert stop(second, signal.SIGTERM) < STOP_SECONDS


@pytest.mark.parametrize("address", ["0.0.0.0", "[::]"])  # noqa: S104 -- refused
def test_other_machines_are_not_served_without_a_real_certificate(data: Path, address: str) -> None:
    sentence = refusal(up(data, "--listen", f"{address}:{free_port()}"))
    assert "--cert" in sentence
    assert not data.exists()


def test_a_certificate_without_its_key_is_refused(data: Path) -> None:
    assert "--cert and --key" in refusal(up(data, "--cert", "/nowhere/chain.pem"))


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with staged("embedded") as built:
        yield built


def test_a_stop_under_load_is_in_time_and_leaves_nothing_running(world: World, tmp_path: Path) -> None:
    instance, content = world.instance, content_of("long", 20 * MIB)
    document = world.put(tmp_path, "long.bin", content)["id"]
    processes = list(children(instance))
    with contextlib.ExitStack() as stack:
        stack.enter_context(Wire(instance))  # says nothing
        wire = stack.enter_context(Wire(instance, receive_buffer_bytes=64 * 1024))
        wire.get(world["attorney"], document)
        status, _, body = wire.head()
        assert status == 200
        began = time.monotonic()
        assert instance.stop() == 0
        assert time.monotonic() - began < STOP_SECONDS
        body += wire.rest()
    assert content.startswith(body)
    assert len(body) < len(content)
    assert [pid for pid in processes if command_of(pid)] == []
    began = time.monotonic()
    instance.start()
    assert time.monotonic() - began < allowed(READY_SECONDS)
    (last,) = eventually(lambda: events(instance, document, "document.delivered"))
    assert last["reason"] == "server-stopped"
    world["attorney"].client.fetch(document, tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == content


def test_a_folder_put_back_from_its_backup_serves_on(world: World, tmp_path: Path) -> None:
    instance, content = world.instance, b"kept in the backup"
    document = world.put(tmp_path, "kept.txt", content)["id"]
    before = check_ledger(world, tmp_path).checkpoint.size
    assert instance.stop() == 0
    backup = instance.folder / "backup"
    subprocess.run(["cp", "-a", instance.data, backup], check=True)
    shutil.rmtree(instance.data)
    subprocess.run(["cp", "-a", backup, instance.data], check=True)
    instance.start()
    assert instance.announcement["operator_code"] is None
    world["attorney"].client.fetch(document, tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == content
    assert check_ledger(world, tmp_path).checkpoint.size > before
