"""One version against the store: each object whole and as its row says, and all of it the content it was.

What the rows pin are length and SHA-256 of each sealed object, and of the content. An object that cannot be
read while the store is otherwise well is damage too; a store that does not answer says nothing about any
object, and is raised.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from services.docs_api.fixity.pace import Bound
from services.docs_api.keychain import Keychain, WrappedFirmKey, WrappedMatterKey
from services.docs_api.roots.errors import FirmKeyUnavailable
from services.docs_api.sealing.context import SegmentContext
from services.docs_api.sealing.segments import SealError, open_segment
from services.docs_api.transfers.errors import IntegrityFailure
from services.docs_api.transfers.intake import in_thread
from services.docs_api.transfers.opening import require_whole
from services.keys.errors import KeysError
from services.keys.wrapping import SecretKey
from services.storage.protocol import ObjectMissingError, StoreUnavailableError
from services.storage.stores import Stores

Row = Mapping[str, Any]


class Damage(StrEnum):
    """What is wrong with a version, as the log has it: the first that was found."""

    ROWS = "segments-incomplete"
    KEY = "key-does-not-open"
    MISSING = "object-missing"
    UNREADABLE = "object-unreadable"
    LENGTH = "object-length-differs"
    DIGEST = "object-digest-differs"
    SEAL = "object-does-not-open"
    CONTENT = "content-digest-differs"


@dataclass(frozen=True, slots=True)
class Found:
    """`segments`: ordinals of the damaged ones. `opened`: the content was compared too."""

    damage: Damage | None
    segments: tuple[int, ...]
    sealed_bytes: int
    opened: bool


class _DamagedError(Exception):
    def __init__(self, damage: Damage) -> None:
        self.damage = damage


@dataclass(frozen=True, slots=True)
class Checker:
    """Reads from `stores` within `bound`; with a `keychain` content is opened."""

    stores: Stores
    keychain: Keychain | None
    bound: Bound

    async def check(self, version: Row, segments: Sequence[Row]) -> Found:
        """What is to be said of a version.

        Raises:
            StoreError: the store does not answer.
        """
        try:
            require_whole(segments, version["segment_count"], version["length_bytes"])
            key = await self._data_key(version)
        except IntegrityFailure:
            return Found(Damage.ROWS, (), 0, opened=False)
        except KeysError:
            return Found(Damage.KEY, (), 0, opened=False)
        reading = _Reading(self, version, key)
        for segment in segments:
            await reading.take(segment)
        return reading.end()

    async def _data_key(self, version: Row) -> SecretKey | None:
        """What opens it; None where nothing is opened, or the firm's root may not be used now."""
        if self.keychain is None:
            return None
        firm = WrappedFirmKey(
            version["tenant_id"],
            version["firm_key_id"],
            version["firm_root"],
            version["firm_wrapped"],
            b"",
            version["firm_revoked"],
        )
        matter = WrappedMatterKey(firm, version["matter_key_id"], version["matter_wrapped"], b"")
        try:
            await self.keychain.unlock(firm)
            return self.keychain.data_key(matter, version["id"], version["wrapped_data_key"])
        except FirmKeyUnavailable:
            return None

    async def read(self, segment: Row) -> bytes:
        """The sealed object of a segment, if it is the one that its row speaks of."""
        sealed = await self._get(segment["object_key"])
        await self.bound.spend(len(sealed))
        if len(sealed) != segment["sealed_bytes"]:
            raise _DamagedError(Damage.LENGTH)
        digest = await in_thread(len(sealed), _sha256, sealed)
        if digest != segment["sealed_sha256"]:
            raise _DamagedError(Damage.DIGEST)
        return sealed

    async def _get(self, key: str) -> bytes:
        try:
            return await self._get_patiently(key)
        except ObjectMissingError as missing:
            raise _DamagedError(Damage.MISSING) from missing

    async def _get_patiently(self, address: str) -> bytes:
        store, key = await self.stores.holder(address)
        try:
            return await store.get(key)
        except StoreUnavailableError:
            await store.check()  # raises where the store does not answer at all
        try:
            return await store.get(key)
        except StoreUnavailableError as failure:
            raise _DamagedError(Damage.UNREADABLE) from failure


class _Reading:
    """One version while it is read, a segment at a time."""

    def __init__(self, checker: Checker, version: Row, key: SecretKey | None) -> None:
        self._checker, self._version, self._key = checker, version, key
        self._content = hashlib.sha256()
        self._sealed_bytes = 0
        self._damaged: dict[int, Damage] = {}

    async def take(self, segment: Row) -> None:
        try:
            sealed = await self._checker.read(segment)
            self._sealed_bytes += len(sealed)
            if self._key is not None:
                plaintext = await in_thread(len(sealed), self._open, segment, sealed)
                await in_thread(len(plaintext), self._content.update, plaintext)
        except _DamagedError as found:
            self._damaged[segment["ordinal"]] = found.damage

    def end(self) -> Found:
        opened = self._key is not None
        damage = next(iter(self._damaged.values()), None)
        if damage is None and opened and self._content.digest() != self._version["sha256"]:
            damage = Damage.CONTENT
        return Found(damage, tuple(self._damaged), self._sealed_bytes, opened)

    def _open(self, segment: Row, sealed: bytes) -> bytearray:
        assert self._key is not None
        version = self._version
        context = SegmentContext(
            version["tenant_id"],
            version["matter_id"],
            version["document_id"],
            version["id"],
            segment["ordinal"],
            segment["offset_bytes"],
        )
        try:
            return open_segment(self._key, context, sealed)
        except SealError as altered:
            raise _DamagedError(Damage.SEAL) from altered


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
