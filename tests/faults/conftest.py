"""What tests of a failing bucket share."""

from collections.abc import Iterator

import pytest

from tests.harness.seaweed import SeaweedFS
from tests.harness.store_proxy import StoreProxy, running_proxy


@pytest.fixture(scope="module")
def running(seaweed: SeaweedFS) -> Iterator[StoreProxy]:
    """The way to the bucket, which can be made bad; faults set on it stay until it is mended."""
    with running_proxy(seaweed.endpoint) as running:
        yield running


@pytest.fixture
def proxy(running: StoreProxy) -> Iterator[StoreProxy]:
    """The same without faults, before the test and after it."""
    running.mend()
    running.seen.clear()
    yield running
    running.mend()
