"""The way to a bucket over TLS: with the authority that was told, and with no other."""

import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.kernel.clock import system_clock
from services.keys.certificates import CertificatePaths, ensure_certificates
from services.storage.protocol import StoreUnavailableError, new_object_key
from services.storage.s3.fitness import require_fit
from services.storage.s3.options import Limits
from services.storage.s3.store import S3Store
from tests.harness.seaweed import SeaweedFS
from tests.harness.store_proxy import StoreProxy, running_proxy

ONE_ATTEMPT = Limits(connect_seconds=5, stall_seconds=10, operation_seconds=20, attempts=1, connections=2)


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> CertificatePaths:
    return ensure_certificates(tmp_path_factory.mktemp("tls"), ["127.0.0.1"], system_clock())


@pytest.fixture(scope="module")
def secure(seaweed: SeaweedFS, paths: CertificatePaths) -> Iterator[StoreProxy]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(paths.chain, paths.key)
    with running_proxy(seaweed.endpoint, context) as proxy:
        yield proxy


async def test_objects_go_both_ways(seaweed: SeaweedFS, secure: StoreProxy, paths: CertificatePaths) -> None:
    store = S3Store(seaweed.options(secure.endpoint, ca=paths.ca, limits=ONE_ATTEMPT))
    await require_fit(store)
    key, data = new_object_key(), bytes(1_000_000)
    await store.put(key, memoryview(data))
    assert await store.get(key) == data
    await store.close()


async def test_authority_that_was_not_told_is_not_believed(
    seaweed: SeaweedFS, secure: StoreProxy, paths: CertificatePaths, tmp_path: Path
) -> None:
    other = ensure_certificates(tmp_path, ["127.0.0.1"], system_clock())
    known = seaweed.options(secure.endpoint, ca=paths.ca, limits=ONE_ATTEMPT)
    before = len(secure.seen)
    for ca in (None, other.ca):
        store = S3Store(replace(known, ca=ca))
        for attempt in (require_fit(store), store.get(new_object_key())):
            with pytest.raises(StoreUnavailableError):
                await attempt
        await store.close()
    assert len(secure.seen) == before
