"""A root key in AWS KMS. It never leaves there: KMS seals firm keys, and opens them while it is allowed to.

A firm key sealed by KMS is `0x02` and KMS's own ciphertext. The *encryption context* names what is sealed,
as the associated data of `wrap` does, so that a wrapped key that was moved does not open; and KMS's own log,
which is the firm's, says of each opening which key of which firm it was.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol, TypeVar

from services.keys.kms.options import PREFIX, KmsKey
from services.keys.wrapping import KEY_BYTES, KeyName, SecretKey, UnwrapError

FORMAT: Final = b"\x02"
CALLS_AT_ONCE: Final = 2
"""Of one root: a slow one keeps these two threads busy, and nobody else's."""

_Made = TypeVar("_Made")


class KmsCalls(Protocol):
    """What `client.KmsClient` does."""

    def encrypt(self, key: KmsKey, plaintext: bytes, context: dict[str, str]) -> bytes: ...
    def decrypt(self, key: KmsKey, sealed: bytes, context: dict[str, str]) -> bytes: ...


class KmsRoot:
    """One key of KMS. Both calls may take as long as KMS lets them (raises as `Root` says)."""

    def __init__(self, key: KmsKey, calls: KmsCalls) -> None:
        self._key, self._calls = key, calls
        self._room = asyncio.Semaphore(CALLS_AT_ONCE)
        self.id = f"{PREFIX}{key.arn}"

    async def seal(self, key: SecretKey, name: KeyName) -> bytes:
        async with self._room:
            sealed = await _in_own_thread(
                lambda: self._calls.encrypt(self._key, key.material, context_of(name))
            )
        return FORMAT + sealed

    async def open(self, sealed: bytes, name: KeyName) -> SecretKey:
        if sealed[:1] != FORMAT:
            raise UnwrapError(f"The wrapped {name.kind} key was not sealed by KMS.")
        async with self._room:
            material = await _in_own_thread(
                lambda: self._calls.decrypt(self._key, sealed[1:], context_of(name))
            )
        if len(material) != KEY_BYTES:
            raise UnwrapError(f"The wrapped {name.kind} key is no key.")
        return SecretKey(material)


def context_of(name: KeyName) -> dict[str, str]:
    """The encryption context that names a key. KMS compares it byte for byte, and logs it."""
    named = {"redwell": "wrap/v2", "kind": name.kind, "key": str(name.id)}
    return named if name.tenant is None else named | {"tenant": str(name.tenant)}


async def _in_own_thread(work: Callable[[], _Made]) -> _Made:
    """Run `work` in a thread that exists for it alone, and that no end of the process waits for.

    Calls are rare, and one that stands still must not hold up what shares a pool.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_Made] = loop.create_future()

    def run() -> None:
        try:
            settle = partial(future.set_result, work())
        except BaseException as error:  # noqa: BLE001 -- whoever waits is told
            settle = partial(future.set_exception, error)
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(lambda: None if future.done() else settle())

    threading.Thread(target=run, name="kms", daemon=True).start()
    return await future
