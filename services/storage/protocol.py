"""What the vault asks of a store, and nothing more: whole objects under opaque keys that are used once.

A real store differs from the next in conditional writes, versions, locks and multi-part rules, so none of
them is asked for. Keys are random: they say nothing about the content, and two objects never share one.
"""

import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol, TypeAlias

KEY_CHARACTERS: Final = 32
OWNER: Final = "owner"
"""The name of the object, or file, that says whose a store is. It is not listed."""
MARK: Final = "mark"
"""The name of the object, or file, with the mark that the database has too. It is not listed either."""
MAX_OBJECT_BYTES: Final = 16 * 1024 * 1024
Bytes: TypeAlias = bytes | bytearray | memoryview

_KEY: Final = re.compile(r"[0-9a-f]{32}")


class StoreError(Exception):
    """Root of what can go wrong with a store."""


class ObjectMissingError(StoreError):
    """There is no object under this key."""


class ObjectExistsError(StoreError):
    """There is an object under this key already; it was left as it is."""


class StoreUnavailableError(StoreError):
    """The store did not do what it was asked: full, unreachable, not writable. Trying again may help."""


class StoreShutError(StoreUnavailableError):
    """The store that a firm's content lies in cannot be used, or is not configured. Others go on."""


class StoreUnfitError(StoreError):
    """The store is not one that objects can be trusted to, as it is set up; the message says why."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One line of a listing."""

    key: str
    size_bytes: int
    modified_at: datetime


class Objects(Protocol):
    """Immutable objects by their names. Every method raises StoreUnavailableError when a store fails."""

    async def put(self, key: str, data: Bytes) -> None:
        """Store a whole object of at most 16 MiB; durable when this returns.

        Raises:
            ObjectExistsError: the key is taken.
            ValueError: the object is too large.
        """

    async def get(self, key: str) -> bytes:
        """Read a whole object; of one that has grown beyond 16 MiB, a byte more than that and no further.

        Raises:
            ObjectMissingError: there is none.
        """

    async def size(self, key: str) -> int:
        """How many bytes an object has, without reading it.

        Raises:
            ObjectMissingError: there is none.
        """

    async def delete(self, key: str) -> None:
        """Remove an object; no error if there is none."""


class ObjectStore(Objects, Protocol):
    """One place with objects, named by their keys. Every method raises as those of `Objects` do."""

    def list(self) -> AsyncIterator[StoredObject]:
        """All objects, in no particular order; one that comes or goes meanwhile may or may not show."""

    async def check(self) -> None:
        """Return if an object could be written, read and removed now."""

    async def claim(self, owner: str) -> None:
        """Mark the store as `owner`'s, for ever, if it is nobody's yet.

        Nothing in a store says which objects another deployment needs, and a sweep deletes what it does not
        know. So a store has one owner.

        Args:
            owner: a name in the form of a UUID.

        Raises:
            StoreUnfitError: it is another's.
        """

    async def mark(self) -> str | None:
        """What `set_mark` has last left here; None before the first time."""

    async def set_mark(self, mark: str) -> None:
        """Leave a mark in place of the one before; durable when this returns, and never half of it."""


def new_object_key() -> str:
    """A key nothing has had before: 128 random bits in 32 hexadecimal digits."""
    return secrets.token_hex(KEY_CHARACTERS // 2)


def require_object_size(data: Bytes) -> None:
    """Return if `data` is small enough to be one object.

    Raises:
        ValueError: more than 16 MiB.
    """
    if len(data) > MAX_OBJECT_BYTES:
        raise ValueError("An object is at most 16 MiB.")


def is_object_key(name: str) -> bool:
    return _KEY.fullmatch(name) is not None


def require_object_key(key: str) -> str:
    """Return `key` if it has the form of an object key.

    Raises:
        ValueError: it has not; a key never comes from outside, so this is a fault in the program.
    """
    if not is_object_key(key):
        raise ValueError("That is no object key.")
    return key


def require_same_owner(owner: str, found: bytes, where: str) -> None:
    """Return if the store `where` says that it is `owner`'s.

    Raises:
        StoreUnfitError: it is not.
    """
    if found != owner.encode():
        raise StoreUnfitError(
            f"{where} belongs to another Redwell, whose objects this one would take for orphans; "
            "give each its own."
        )
