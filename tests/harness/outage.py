"""Postgres taken away from a running instance, and given back."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx

from tests.harness.edge import EdgeInstance
from tests.harness.eventually import eventually
from tests.harness.instance import Instance
from tests.harness.rows import answers

READY_SECONDS = 30


def children(instance: Instance) -> dict[int, str]:
    """The processes that an embedded instance's supervisor has started, with their command lines."""
    assert instance.process is not None
    pid = instance.process.pid
    words = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {int(word): command_of(int(word)) for word in words}


def command_of(pid: int) -> str:
    """The command line of a process; empty of one that is gone, or dead and not yet collected."""
    with contextlib.suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


def worker_pids(instance: Instance) -> list[int]:
    return [pid for pid, command in children(instance).items() if "tests.harness.worker" in command]


def kill_workers(instance: Instance) -> None:
    """`kill -9` of every worker; the supervisor starts others."""
    before = set(worker_pids(instance))
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: len(set(worker_pids(instance)) - before) == len(before), READY_SECONDS)
    wait_until_ready(instance)


def postmaster_pid(instance: Instance) -> int:
    return int((instance.data / "postgres" / "data" / "postmaster.pid").read_text().split()[0])


def is_ready(instance: Instance) -> bool:
    try:
        return instance.ready().status_code == 200
    except httpx.TransportError:
        return False


def wait_until_ready(instance: Instance) -> None:
    eventually(lambda: is_ready(instance), READY_SECONDS)


@contextlib.contextmanager
def outage(instance: Instance) -> Iterator[None]:
    """No Postgres inside; the whole product again afterwards."""
    if isinstance(instance, EdgeInstance):
        instance.postgres.stop()
        try:
            yield
        finally:
            instance.postgres.start()
    else:
        assert instance.process is not None
        # A supervisor that is held cannot start it again at once.
        instance.process.send_signal(signal.SIGSTOP)
        try:
            os.kill(postmaster_pid(instance), signal.SIGKILL)
            eventually(lambda: not answers(instance))
            yield
        finally:
            instance.process.send_signal(signal.SIGCONT)
    eventually(lambda: answers(instance), READY_SECONDS)
    wait_until_ready(instance)
