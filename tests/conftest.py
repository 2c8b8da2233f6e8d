"""Fixtures for tests that need the running product. Everything here is real."""

import os
from collections.abc import Iterator

import pytest

from tests.harness.clamd import running_clamd
from tests.harness.edge import EdgeInstance
from tests.harness.folders import throwaway_folder
from tests.harness.instance import ROOT, Instance
from tests.harness.people import Person, World, build_world, join
from tests.harness.scanned import LARGEST_SCANNED_BYTES, Scanned
from tests.harness.seaweed import SeaweedFS, running_seaweed
from tests.harness.stage import measured

SHAPES = {"embedded": Instance, "services": EdgeInstance}


def pytest_configure(config: pytest.Config) -> None:
    """Tests are measured with their threads, the processes that they start with their greenlets."""
    starts_tests_elsewhere = config.getoption("numprocesses", None) and not hasattr(config, "workerinput")
    if not starts_tests_elsewhere and os.environ.pop("COVERAGE_PROCESS_CONFIG", ""):
        os.environ["COVERAGE_PROCESS_START"] = str(ROOT / "pyproject.toml")
        os.environ["COVERAGE_FILE"] = str(ROOT / ".coverage")


@pytest.fixture(scope="session", params=SHAPES)
def instance(request: pytest.FixtureRequest) -> Iterator[Instance]:
    """The product, in each of its shapes in turn; embedded with two workers."""
    with throwaway_folder() as folder:
        running = SHAPES[request.param](folder, measured=True)
        try:
            running.start()
            yield running
            assert running.stop() == 0
        finally:
            if running.alive:
                running.kill()


@pytest.fixture(scope="session")
def operator(instance: Instance) -> Person:
    return join(instance, instance.operator_code, "operator")


@pytest.fixture(scope="session")
def world(instance: Instance, operator: Person) -> Iterator[World]:
    """A firm, another firm, a provider, and people of every role. Tests add to it and depend on no other."""
    built = build_world(instance, operator)
    yield built
    built.close()


@pytest.fixture(scope="session")
def seaweed() -> Iterator[SeaweedFS]:
    """An S3 server; each test has a prefix of its own in its bucket."""
    with running_seaweed() as server:
        yield server


@pytest.fixture(scope="session")
def _scanned() -> Iterator[Scanned]:
    with (
        running_clamd() as clamd,
        measured(
            "embedded",
            REDWELL_SCANNER=clamd.url,
            REDWELL_SCAN_LIMIT_BYTES=str(LARGEST_SCANNED_BYTES),
            REDWELL_SCAN_SECONDS="5",
        ) as world,
    ):
        yield Scanned(world, clamd)


@pytest.fixture
def scanned(_scanned: Scanned) -> Scanned:
    """An embedded instance with a scanner; a test that breaks the scanner mends it."""
    _scanned.world.renew()
    return _scanned


@pytest.fixture(autouse=True)
def _fresh_tokens(request: pytest.FixtureRequest) -> None:
    """A run takes longer than a token lives and a factor stays fresh."""
    if "world" in request.fixturenames:
        shared: World = request.getfixturevalue("world")
        shared.renew()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In several processes: one has all tests of a shape, so that it starts once; a file stays whole."""
    for item in items:
        shape = (
            item.callspec.params.get("instance")
            if isinstance(item, pytest.Function) and hasattr(item, "callspec")
            else None
        )
        item.add_marker(pytest.mark.xdist_group(str(shape or item.path)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for reason in sorted({report.longrepr[2] for report in terminalreporter.stats.get("skipped", [])}):
        terminalreporter.write_line(f"Not tried: {reason}")
