"""The journey on Debian's Postgres 15: the very tests that run on the newest one, on another instance."""

from collections.abc import Iterator

import pytest

from tests.functional.docs_api.moving import fetch_rows
from tests.functional.test_journey import *  # noqa: F403 -- every test of it, now and later
from tests.harness.instance import Instance
from tests.harness.parts import require_folder
from tests.harness.people import World
from tests.harness.server import DEBIAN
from tests.harness.stage import staged


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    programs = require_folder(DEBIAN, "postgresql-15")
    with staged("embedded", REDWELL_PG_BINDIR=str(programs)) as staged_world:
        yield staged_world


@pytest.fixture(scope="module")
def instance(world: World) -> Instance:
    return world.instance


def test_it_is_postgres_15(instance: Instance) -> None:
    (row,) = fetch_rows(instance, "SHOW server_version_num")
    assert row[0].startswith("15")


def test_it_starts_again_on_the_same_data(world: World) -> None:
    instance = world.instance
    assert instance.stop() == 0
    instance.start()
    with instance.http() as http:
        assert http.get("/v1/openapi.json").status_code == 200
