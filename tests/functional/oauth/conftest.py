"""An instance of this package's own, whose clock nobody moves: client libraries ask the machine's."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.people import World
from tests.harness.programs import Program, new_program, put_on_matter
from tests.harness.rows import rows
from tests.harness.stage import measured


@pytest.fixture(scope="package")
def office() -> Iterator[World]:
    """An embedded instance with a world in it."""
    with measured("embedded") as world:
        yield world


@pytest.fixture(scope="package")
def program(office: World) -> Program:
    """A program of the firm, on its matter. Tests that end one make their own."""
    made = new_program(office, office["firm_admin"])
    put_on_matter(office, made, office.matter)
    return made


@pytest.fixture(scope="package")
def document(office: World, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A document of the matter."""
    folder: Path = tmp_path_factory.mktemp("oauth")
    return str(office.put(folder, "there.txt", b"privileged words")["id"])


@pytest.fixture(autouse=True)
def _nothing_counted(request: pytest.FixtureRequest) -> None:
    """Refusals are many here, and all from one address: no test waits for what another has failed at."""
    if "office" in request.fixturenames or "program" in request.fixturenames:
        office: World = request.getfixturevalue("office")
        rows(office.instance, "DELETE FROM throttles")
        office.renew()
