"""The stores of a deployment: the default one, and those that firms may be given in place of it.

A row names an object by its address: the name of its store, a colon and its key; of the default store the key
alone. So whatever was stored is found where it was put, whichever store its firm has now. A store beside the
default one is opened when it is needed; where it cannot be, that concerns those alone whose content it has.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID, uuid5

from services.kernel.store_settings import DEFAULT_STORE, StoreSettings, StoresSettings
from services.storage.opening import open_store
from services.storage.protocol import Bytes, ObjectStore, StoreError, StoreShutError

TRIED_AGAIN_SECONDS: Final = 5.0
"""How long one that could not be opened is left alone."""


def address_of(store: str, key: str) -> str:
    """What rows name an object by."""
    return key if store == DEFAULT_STORE else f"{store}:{key}"


def owner_of(deployment: str, store: str) -> str:
    """Whose a store is said to be: each has an owner of its own, so that no place is two of them.

    `deployment` is a UUID as text.
    """
    return deployment if store == DEFAULT_STORE else str(uuid5(UUID(deployment), store))


@dataclass
class _Other:
    settings: StoreSettings
    owner: str
    opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    store: ObjectStore | None = None
    failure: str | None = None
    tried_at: float = 0.0


class Stores:
    """Objects by their addresses, wherever they lie. Made by `open_stores`."""

    def __init__(self, default: ObjectStore, others: Mapping[str, _Other], opened: AsyncExitStack) -> None:
        self.default = default
        self._others, self._opened = others, opened

    @property
    def names(self) -> tuple[str, ...]:
        return (DEFAULT_STORE, *sorted(self._others))

    @property
    def failures(self) -> Mapping[str, str]:
        """Of the stores that could not be opened when that was last tried, why."""
        return {name: other.failure for name, other in sorted(self._others.items()) if other.failure}

    async def named(self, name: str) -> ObjectStore:
        """One store, opened if it is not yet.

        Raises:
            StoreShutError: there is none of that name, or it cannot be used.
        """
        if name == DEFAULT_STORE:
            return self.default
        if name not in self._others:
            raise StoreShutError(f"There is no store {name} in REDWELL_STORES.")
        other = self._others[name]
        async with other.opening:
            if other.store is None and time.monotonic() >= other.tried_at + TRIED_AGAIN_SECONDS:
                await self._open(other)
        if other.store is None:
            raise StoreShutError(f"The store {name} cannot be used: {other.failure}")
        return other.store

    async def _open(self, other: _Other) -> None:
        try:
            other.store = await self._opened.enter_async_context(open_store(other.settings, other.owner))
            other.failure = None
        except StoreError as failure:
            other.failure = str(failure)
            other.tried_at = time.monotonic()

    async def try_all(self) -> None:
        """Open those that are not yet, so that `failures` says what is wrong before somebody meets it."""
        for name in self._others:
            try:
                await self.named(name)
            except StoreShutError:
                continue

    async def holder(self, address: str) -> tuple[ObjectStore, str]:
        """The store that an address names, and the key in it (raises StoreShutError)."""
        name, _, key = address.rpartition(":")
        return await self.named(name or DEFAULT_STORE), key

    async def put(self, address: str, data: Bytes) -> None:
        store, key = await self.holder(address)
        await store.put(key, data)

    async def get(self, address: str) -> bytes:
        store, key = await self.holder(address)
        return await store.get(key)

    async def size(self, address: str) -> int:
        store, key = await self.holder(address)
        return await store.size(key)

    async def delete(self, address: str) -> None:
        store, key = await self.holder(address)
        await store.delete(key)


@asynccontextmanager
async def open_stores(settings: StoresSettings, owner: str) -> AsyncIterator[Stores]:
    """The default store, tried and claimed; the others are opened when they are needed.

    `owner` is that of the default store; see `owner_of`.

    Raises:
        StoreError: the default store cannot be used; the sentence says why.
    """
    others = {name: _Other(told, owner_of(owner, name)) for name, told in settings.stores.items()}
    async with AsyncExitStack() as opened:
        default = await opened.enter_async_context(open_store(settings, owner))
        yield Stores(default, others, opened)
