"""Passwords: argon2id, in a few threads of their own.

The parameters are OWASP's (t = 2, m = 19 MiB, p = 1; ASVS 5.0, 11.4.2). A hash costs about 25 ms of one
core, so at most one runs per core and sign-ins cannot starve transfers. A password is hashed exactly as it
came. At most `WAITING_PER_WORKER` hashes wait for each thread; beyond that the answer is "later".
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from typing import Final, TypeVar

from argon2 import PasswordHasher as Argon2
from argon2 import Type
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from services.kernel.problems import Unavailable
from services.keys.errors import KeysError

TIME_COST: Final = 2
MEMORY_KIB: Final = 19_456
PARALLELISM: Final = 1
WAITING_PER_WORKER: Final = 16
MAX_PASSWORD_BYTES: Final = 4096  # 1024 characters of any script

# The hash of a password nobody has, so that an unknown account takes as long as a known one.
DUMMY_HASH: Final = (
    "$argon2id$v=19$m=19456,t=2,p=1$mahDvRts4rfWTRGDq6+L6Q$W8HFLXt5trj6AaShRFj5CBCKbK8NpL85PWVRHmzKvEM"
)

_Result = TypeVar("_Result")


class PasswordMismatchError(KeysError):
    """The password is not the one that was hashed, or there is no such account."""

    def __init__(self) -> None:
        super().__init__("The password does not match.")


class PasswordFormatError(KeysError):
    """A password cannot be hashed: longer than the bound, or not valid Unicode."""


class HashState(Enum):
    """Whether a hash that has just matched should be replaced by one with today's parameters."""

    CURRENT = "current"
    OUTDATED = "outdated"


class PasswordHasher:
    """Hashes and verifies passwords without blocking the event loop. Close it when the service stops.

    Args:
        workers: hashes at one time; one per core by default.
    """

    def __init__(self, workers: int | None = None) -> None:
        self._argon2 = Argon2(
            time_cost=TIME_COST, memory_cost=MEMORY_KIB, parallelism=PARALLELISM, type=Type.ID
        )
        workers = workers or os.cpu_count() or 1
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="argon2")
        self._room = workers * (1 + WAITING_PER_WORKER)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def hash_password(self, password: str) -> str:
        """A PHC string to store.

        Raises:
            PasswordFormatError: longer than 4096 bytes of UTF-8, or a lone surrogate.
            Unavailable: too many others wait.
        """
        encoded = _encode(password)
        return await self._in_thread(lambda: self._argon2.hash(encoded))

    async def verify_password(self, password: str, stored: str | None) -> HashState:
        """Return if `password` is the one `stored` was made from; `None` takes as long, and never matches.

        Raises:
            PasswordMismatchError: it is not, or `stored` is `None` or no argon2 hash.
            Unavailable: too many others wait.
        """
        try:
            encoded = _encode(password)
        except PasswordFormatError as exc:
            raise PasswordMismatchError from exc
        return await self._in_thread(lambda: self._verify(encoded, stored))

    def _verify(self, encoded: bytes, stored: str | None) -> HashState:
        try:
            self._argon2.verify(stored or DUMMY_HASH, encoded)
        except (VerifyMismatchError, VerificationError, InvalidHashError) as exc:
            raise PasswordMismatchError from exc
        if not stored:
            raise PasswordMismatchError
        return HashState.OUTDATED if self._argon2.check_needs_rehash(stored) else HashState.CURRENT

    async def _in_thread(self, work: Callable[[], _Result]) -> _Result:
        if self._room == 0:
            raise Unavailable
        self._room -= 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._room += 1


def _encode(password: str) -> bytes:
    try:
        encoded = password.encode()
    except UnicodeEncodeError as exc:
        raise PasswordFormatError("The password is not valid Unicode text.") from exc
    if len(encoded) > MAX_PASSWORD_BYTES:
        raise PasswordFormatError(f"A password is at most {MAX_PASSWORD_BYTES} bytes long.")
    return encoded
