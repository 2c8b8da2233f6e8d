"""The rows of rotations, each step with its evidence in the transaction of the step.

A rotation of a firm's or a matter's key is told in that firm's log, one of a root in the platform's.
"""

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from services.evidence.event import Draft, Subject
from services.evidence.recorder import Recorder
from services.kernel.ids import new_id

EVENT = "key.rotated"
_COLUMNS = "tenant_id, id, level, matter_id, old_key, new_key"
_UNFINISHED = f"""
SELECT {_COLUMNS} FROM key_rotations WHERE finished_at IS NULL
ORDER BY level = 'root' DESC, level = 'firm' DESC, started_at, id
"""  # noqa: S608 -- constants
_START = f"""
INSERT INTO key_rotations ({_COLUMNS}, moved, started_at) VALUES ($1, $2, $3, $4, $5, $6, 0, $7)
"""  # noqa: S608 -- constants
_MOVED = "UPDATE key_rotations SET moved = moved + $3 WHERE tenant_id = $1 AND id = $2"
_FINISH = "UPDATE key_rotations SET finished_at = $3 WHERE tenant_id = $1 AND id = $2 RETURNING moved"


@dataclass(frozen=True, slots=True)
class Rotation:
    """One key that takes another's place. Of roots, `old` and `new` are ids of roots."""

    tenant: UUID
    id: UUID
    level: str
    matter: UUID | None
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Rotations:
    """Keeps them."""

    connection: asyncpg.Connection
    recorder: Recorder

    async def unfinished(self) -> list[Rotation]:
        """Those that were begun and are not over: roots, then firms, then matters."""
        return [Rotation(*row) for row in await self.connection.fetch(_UNFINISHED)]

    def new_id(self) -> UUID:
        return new_id(self.recorder.clock())

    async def start(self, rotation: Rotation) -> None:
        """Keep that it begins, inside the transaction that makes the new key the current one."""
        values = (rotation.tenant, rotation.id, rotation.level, rotation.matter, rotation.old, rotation.new)
        await self.connection.execute(_START, *values, self.recorder.clock())
        await self._record(rotation, {"phase": "started"})

    async def moved(self, rotation: Rotation, count: int) -> None:
        """Count what was sealed anew, inside the transaction that did it."""
        await self.connection.execute(_MOVED, rotation.tenant, rotation.id, count)

    async def finish(self, rotation: Rotation) -> int:
        """Keep that it is over; how many keys it sealed anew."""
        async with self.connection.transaction():
            moved: int = await self.connection.fetchval(
                _FINISH, rotation.tenant, rotation.id, self.recorder.clock()
            )
            await self._record(rotation, {"phase": "finished", "moved": moved})
        return moved

    async def _record(self, rotation: Rotation, change: dict[str, object]) -> None:
        named = {"level": rotation.level, "old": rotation.old, "new": rotation.new}
        subject = Subject("key_rotation", rotation.id, rotation.matter)
        draft = Draft(EVENT, "info", subject=subject, change={**named, **change})
        await self.recorder.append(self.connection, rotation.tenant, draft, None)
