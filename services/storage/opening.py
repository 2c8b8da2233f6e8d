"""The store that the settings name, opened for use and closed after it.

boto3 is loaded only where there is a bucket: it would cost every other process 20 MiB and a third of a
second.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.kernel.store_settings import StoreSettings
from services.storage.directory import DirectoryStore
from services.storage.protocol import ObjectStore


@asynccontextmanager
async def open_store(settings: StoreSettings, owner: str) -> AsyncIterator[ObjectStore]:
    """The store, tried, and claimed for its owner (`ObjectStore.claim`).

    Raises:
        StoreError: it cannot be used; the sentence says why.
    """
    async with tried_store(settings) as store:
        await store.claim(owner)
        yield store


@asynccontextmanager
async def tried_store(settings: StoreSettings) -> AsyncIterator[ObjectStore]:
    """The store, once it has done all that is asked of one; whosever it is.

    Raises:
        StoreError: it cannot be used; the sentence says why.
    """
    async with _bucket(settings) if settings.store == "s3" else _folder(settings) as store:
        yield store


@asynccontextmanager
async def _folder(settings: StoreSettings) -> AsyncIterator[ObjectStore]:
    store = DirectoryStore(settings.objects)
    await asyncio.to_thread(store.prepare)
    await store.check()
    yield store


@asynccontextmanager
async def _bucket(settings: StoreSettings) -> AsyncIterator[ObjectStore]:
    from services.storage.s3.fitness import require_fit  # noqa: PLC0415 -- see above
    from services.storage.s3.options import options_of  # noqa: PLC0415
    from services.storage.s3.store import S3Store  # noqa: PLC0415

    store = S3Store(options_of(settings))
    try:
        await require_fit(store)
        yield store
    finally:
        await store.close()
