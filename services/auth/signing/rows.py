"""The rows of signing keys, each step with its evidence in the transaction of the step.

A key is staged (published, and signs nothing), active, retiring (signs no more, and what it signed is
believed until it has run out), retired (nothing that it signed is believed). The database has three times.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import asyncpg

from services.evidence.event import Draft
from services.evidence.recorder import Recorder
from services.kernel.clock import timestamp
from services.kernel.ids import PLATFORM

_ALL = """
SELECT kid, created_at, activated_at, retired_at FROM signing_keys WHERE tenant_id = $1
ORDER BY created_at DESC, kid
"""
_ADD = "INSERT INTO signing_keys (tenant_id, kid, jwk, created_at) VALUES ($1, $2, $3, $4)"
_ACTIVATE = "UPDATE signing_keys SET activated_at = $3 WHERE tenant_id = $1 AND kid = $2"
_RETIRE = """
UPDATE signing_keys SET retired_at = $3
WHERE tenant_id = $1 AND kid = $2 AND (retired_at IS NULL OR retired_at > $3)
RETURNING kid
"""


class State(StrEnum):
    STAGED = "staged"
    ACTIVE = "active"
    RETIRING = "retiring"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A signing key as the database has it."""

    kid: str
    created_at: datetime
    activated_at: datetime | None
    retired_at: datetime | None

    def state(self, now: datetime) -> State:
        if self.retired_at is not None:
            return State.RETIRING if self.retired_at > now else State.RETIRED
        return State.STAGED if self.activated_at is None else State.ACTIVE


async def signing_keys(connection: asyncpg.Connection) -> list[KeyRow]:
    """All there ever were, newest first."""
    return [KeyRow(*row) for row in await connection.fetch(_ALL, PLATFORM)]


@dataclass(frozen=True, slots=True)
class SigningKeyRows:
    """Keeps them, as whoever rotates."""

    connection: asyncpg.Connection
    recorder: Recorder

    def now(self) -> datetime:
        return self.recorder.clock()

    async def all(self) -> list[KeyRow]:
        return await signing_keys(self.connection)

    async def in_state(self, *wanted: State) -> list[KeyRow]:
        now = self.now()
        return [row for row in await self.all() if row.state(now) in wanted]

    async def publish(self, jwk: Mapping[str, str]) -> None:
        async with self.connection.transaction():
            await self.connection.execute(_ADD, PLATFORM, jwk["kid"], dict(jwk), self.now())
            await self._record("staged", {"kid": jwk["kid"]})

    async def activate(self, kid: str, retires_at: datetime) -> list[str]:
        """Let this key be the active one, and those that were so far retire then; which those are."""
        before = [row.kid for row in await self.in_state(State.ACTIVE) if row.kid != kid]
        now = self.now()
        async with self.connection.transaction():
            await self.connection.execute(_ACTIVATE, PLATFORM, kid, now)
            await self._record("activated", {"kid": kid})
            for old in before:
                await self.connection.execute(_RETIRE, PLATFORM, old, retires_at)
                step = "retiring" if retires_at > now else "retired"
                await self._record(step, {"kid": old, "retires_at": timestamp(retires_at)})
        return before

    async def retire(self, kid: str) -> bool:
        """From now on nothing that it signed is believed; whether anything was until now."""
        async with self.connection.transaction():
            found = await self.connection.fetchval(_RETIRE, PLATFORM, kid, self.now())
            if found is not None:
                await self._record("retired", {"kid": kid})
        return found is not None

    async def _record(self, step: str, change: dict[str, object]) -> None:
        draft = Draft(f"signing_key.{step}", "info", change=change)
        await self.recorder.append(self.connection, PLATFORM, draft, None)
