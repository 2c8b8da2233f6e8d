"""What keys there are, how old they are, and which rotations are not over."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

_FIRMS = """
SELECT f.tenant_id AS firm, f.id AS key, f.root, f.created_at, count(m.id) AS matter_keys,
    min(m.created_at) AS oldest_matter_key
FROM firm_keys f LEFT JOIN matter_keys m ON m.tenant_id = f.tenant_id AND m.retired_at IS NULL
WHERE f.retired_at IS NULL GROUP BY f.tenant_id, f.id ORDER BY f.tenant_id
"""
_UNFINISHED = """
SELECT level, tenant_id AS tenant, matter_id AS matter, old_key AS old, new_key AS new, moved, started_at
FROM key_rotations WHERE finished_at IS NULL ORDER BY started_at
"""
_ROOTS = "SELECT root, count(*) FROM firm_keys GROUP BY root ORDER BY root"


@dataclass(frozen=True, slots=True)
class FirmKeyState:
    """A firm's current key, and those of its matters."""

    firm: UUID
    key: UUID
    root: str
    created_at: datetime
    matter_keys: int
    oldest_matter_key: datetime | None


@dataclass(frozen=True, slots=True)
class UnfinishedRotation:
    """One that runs, or was interrupted."""

    level: str
    tenant: UUID
    matter: UUID | None
    old: str
    new: str
    moved: int
    started_at: datetime


@dataclass(frozen=True, slots=True)
class KeyStates:
    """`roots`: how many firm keys, retired ones too, lie under each root."""

    firms: list[FirmKeyState]
    unfinished: list[UnfinishedRotation]
    roots: dict[str, int]


async def key_states(connection: asyncpg.Connection) -> KeyStates:
    """As they lie in the database; nothing is opened."""
    return KeyStates(
        [FirmKeyState(**row) for row in await connection.fetch(_FIRMS)],
        [UnfinishedRotation(**row) for row in await connection.fetch(_UNFINISHED)],
        {row["root"]: row["count"] for row in await connection.fetch(_ROOTS)},
    )
