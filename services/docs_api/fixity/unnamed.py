"""Objects in the store that no row names: how many there are. The sweep is what removes them."""

from datetime import datetime

import asyncpg

from services.docs_api.fixity.statements import KNOWN_OBJECTS
from services.storage.protocol import ObjectStore

_BATCH = 256


async def count_unnamed(connection: asyncpg.Connection, store: ObjectStore, older_than: datetime) -> int:
    """How many objects older than that time are named by no row; younger ones may be on their way to one."""
    counted = 0
    batch: list[str] = []
    async for stored in store.list():
        if stored.modified_at < older_than:
            batch.append(stored.key)
        if len(batch) == _BATCH:
            counted += await _unknown(connection, batch)
            batch = []
    return counted + await _unknown(connection, batch)


async def _unknown(connection: asyncpg.Connection, keys: list[str]) -> int:
    known = {row["object_key"] for row in await connection.fetch(KNOWN_OBJECTS, keys)}
    return sum(key not in known for key in keys)
