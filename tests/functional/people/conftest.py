"""One embedded instance for this package: what it tests does not depend on the shape of the product."""

from collections.abc import Iterator

import pytest

from tests.harness.people import World
from tests.harness.stage import measured


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    with measured("embedded") as made:
        yield made
