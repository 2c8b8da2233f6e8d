"""Fixtures for tests that need the running product. Everything here is real."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import parts
from tests.harness.instance import Instance
from tests.harness.people import Person, World, build_world, join


@pytest.fixture(scope="session")
def instance() -> Iterator[Instance]:
    """The product in its embedded shape, with two workers."""
    folder = Path(tempfile.mkdtemp(prefix="redwell-test-", dir=_fast_folder()))
    folder.chmod(0o711)
    running = Instance(folder)
    try:
        running.start()
        yield running
        assert running.stop() == 0
    finally:
        if running.process is not None and running.process.poll() is None:
            running.kill()
        if "REDWELL_TEST_KEEP" not in os.environ:
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def operator(instance: Instance) -> Person:
    return join(instance, instance.operator_code, "operator")


@pytest.fixture(scope="session")
def world(instance: Instance, operator: Person) -> World:
    """A firm, another firm, a provider, and people of every role. Tests add to it and depend on no other."""
    return build_world(instance, operator)


def _fast_folder() -> str | None:
    """Memory, where a GiB of it is free; containers often give 64 MiB."""
    shared = Path("/dev/shm")  # noqa: S108 -- a folder of our own is made in it
    return str(shared) if shared.is_dir() and shutil.disk_usage(shared).free > 1 << 30 else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for part, package in sorted(parts.missing.items()):
        terminalreporter.write_line(f"Not tried: {part}. To try it, install {package}.")
