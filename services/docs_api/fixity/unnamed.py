"""Objects in the store that no row names: how many there are. The sweep is what removes them."""

from datetime import datetime

import asyncpg

from services.docs_api.fixity.statements import KNOWN_OBJECTS
from services.storage.stores import Stores, address_of

_BATCH = 256


async def count_unnamed(connection: asyncpg.Connection, stores: Stores, older_than: datetime) -> int:
    """How many objects older than that time are named by no row; younger ones may be on their way to one.

    Raises:
        StoreError: one of the stores does not answer.
    """
    return sum([await _count(connection, stores, name, older_than) for name in stores.names])


async def _count(connection: asyncpg.Connection, stores: Stores, name: str, older_than: datetime) -> int:
    counted, store = 0, await stores.named(name)
    batch: list[str] = []
    async for stored in store.list():
        if stored.modified_at < older_than:
            batch.append(address_of(name, stored.key))
        if len(batch) == _BATCH:
            counted += await _unknown(connection, batch)
            batch = []
    return counted + await _unknown(connection, batch)


async def _unknown(connection: asyncpg.Connection, addresses: list[str]) -> int:
    known = {row["object_key"] for row in await connection.fetch(KNOWN_OBJECTS, addresses)}
    return sum(address not in known for address in addresses)
