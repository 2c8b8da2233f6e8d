"""Puts a new signing key in the old one's place while everybody goes on.

The new key is published first, and signs only when every verifier has had the chance to read it: they read
the keys each minute, and when a token names a key that they do not know, once a minute at most. So whoever
read them last before the new key was there may do so again by then. What the old key signed is believed until
the last of it has run out. Each step can be done again: after a kill the next run goes on from where the rows
and files are.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import asyncpg

from services.auth.signing.errors import SigningRotationError
from services.auth.signing.rows import KeyRow, SigningKeyRows, State
from services.auth.tokens import MAX_LIFETIME_SECONDS
from services.keys.generations import Generations
from services.keys.signing import SigningKey

PUBLISHED_BEFORE: Final = timedelta(seconds=75)
"""A verifier's minute, and what clocks differ by."""
BELIEVED_AFTER: Final = timedelta(seconds=MAX_LIFETIME_SECONDS + 60)
"""The longest life of a token, and what clocks differ by."""
_LOOK_SECONDS = 1.0
_LOCK = 0x72656477_7369676E  # "redwsign"

Tell = Callable[[str], None]
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class SigningRotation:
    """`tell` is called with a sentence for each step."""

    rows: SigningKeyRows
    files: Generations
    tell: Tell
    sleep: Sleep = asyncio.sleep

    async def stage(self) -> KeyRow:
        """Publish the next key, unless there is one.

        Raises:
            SigningRotationError: there is one, and its file is not here.
            KeyFileError: the folder of keys cannot be used.
        """
        staged = await self._staged()
        if staged is None:
            await self.rows.publish((await self._unpublished()).public_jwk())
            staged = await self._staged()
            assert staged is not None, "it was just published"
        self.tell(f"The key {staged.kid} is published since {staged.created_at:%Y-%m-%d %H:%M:%S} UTC.")
        return staged

    async def rotate(self) -> None:
        """Let the next key sign, once it was published for long enough (raises as `stage` does)."""
        if await self._followed():
            return
        staged = await self.stage()
        await self._published_for_long(staged)
        await self._use(staged.kid)
        until = self.rows.now() + BELIEVED_AFTER
        for old in await self.rows.activate(staged.kid, until):
            self.tell(f"What the key {old} signed is believed until {until:%Y-%m-%d %H:%M:%S} UTC.")

    async def rotate_at_once(self) -> None:
        """Let the next key sign now, and believe nothing that the key so far has signed.

        Verifiers that read the keys within this minute may refuse the new one's tokens until it is over,
        unless it was staged before (raises as `stage` does).
        """
        staged = await self.stage()
        await self._use(staged.kid)
        now = self.rows.now()
        for old in await self.rows.activate(staged.kid, now):
            self.tell(f"Nothing that the key {old} signed is believed any more.")

    async def retire(self, kid: str) -> None:
        """Believe nothing that this key has signed from now on.

        Raises:
            SigningRotationError: there is no such key, or it is the one that signs.
        """
        if kid not in {row.kid for row in await self.rows.all()}:
            raise SigningRotationError(f"There is no signing key {kid}.")
        if kid == self.files.current.kid:
            raise SigningRotationError(
                f"{kid} is the key that signs here; give `redwell keys rotate-signing --at-once`."
            )
        known = await self.rows.retire(kid)
        self.files.discard(kid)
        told = "is believed any more" if known else "was believed any more before"
        self.tell(f"Nothing that the key {kid} signed {told}.")

    async def _staged(self) -> KeyRow | None:
        """The key that is published and does not sign; of an interrupted run it may be `current` already."""
        here = {self.files.current.kid, *self.files.staged()}
        for row in await self.rows.in_state(State.STAGED):
            if row.kid in here:
                return row
            raise SigningRotationError(
                f"The key {row.kid} is published, and its file is not here: copy it from the machine that it "
                f"was made on, or give it up with `redwell keys retire-signing {row.kid}`."
            )
        return None

    async def _unpublished(self) -> SigningKey:
        """One that an interrupted run made, or a new one."""
        known = {row.kid for row in await self.rows.all()}
        for kid in self.files.staged():
            if kid not in known:
                return self.files.read(kid)
        return self.files.stage()

    async def _followed(self) -> bool:
        """Whether another machine has rotated, and its key's file was copied here: then it signs here too."""
        active = {row.kid for row in await self.rows.in_state(State.ACTIVE)}
        if self.files.current.kid in active:
            return False
        for kid in self.files.staged():
            if kid in active:
                await self._use(kid)
                return True
        return False

    async def _use(self, kid: str) -> None:
        if self.files.current.kid != kid:
            self.files.use(kid)
        self.tell(f"The key {kid} signs.")

    async def _published_for_long(self, staged: KeyRow) -> None:
        due = staged.created_at + PUBLISHED_BEFORE
        if self.rows.now() < due:
            self.tell(f"It signs from {due:%H:%M:%S} UTC on, when every process knows it; this waits.")
        while (left := (due - self.rows.now()).total_seconds()) > 0:
            await self.sleep(min(left, _LOOK_SECONDS))


async def lock_signing(connection: asyncpg.Connection) -> None:
    """Raises SigningRotationError if another rotation is running; the lock goes with the connection."""
    if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):
        raise SigningRotationError("Another rotation of the signing key is running.")
