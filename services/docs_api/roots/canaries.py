"""The canary of a root that is kept elsewhere: a random key that nobody uses, sealed when it is first chosen.

Another root than the right one, or one whose material was replaced, does not open it. A root in a file is
tried by `canary.py`, which stops the start; one elsewhere stops nobody but its own firms.
"""

from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

import asyncpg

from services.kernel.ids import PLATFORM
from services.keys.errors import KeysError
from services.keys.roots import Root, Roots
from services.keys.wrapping import KeyName, new_key

_CANARY = "SELECT wrapped FROM root_canaries WHERE tenant_id = $1 AND id = $2"
_ADD = """
INSERT INTO root_canaries (tenant_id, id, wrapped, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
"""
_IN_USE = """
SELECT root FROM firm_keys WHERE position(':' in root) > 0
UNION SELECT root FROM firm_roots WHERE position(':' in root) > 0 ORDER BY root
"""


async def roots_elsewhere(connection: asyncpg.Connection) -> list[str]:
    """The ids of the roots, kept elsewhere, that keys lie under or that were chosen for a firm."""
    return [row["root"] for row in await connection.fetch(_IN_USE)]


async def ensure_canary_of(connection: asyncpg.Connection, root: Root, now: datetime) -> None:
    """Return if the root opens its canary; it gets one if it has none, and must open that.

    Raises:
        KeysError: it does not, or is not to be had.
    """
    made = await _try(connection, root)
    await connection.execute(_ADD, PLATFORM, canary_id(root.id), made, now)


async def why_not(connection: asyncpg.Connection, roots: Roots, root_id: str) -> str | None:
    """Why the root may not be used, in a sentence; None if it may. Nothing is changed."""
    try:
        await _try(connection, roots.named(root_id))
    except KeysError as error:
        return str(error)
    return None


async def _try(connection: asyncpg.Connection, root: Root) -> bytes:
    """Have the root open its canary, or a new one."""
    name = KeyName("canary", None, canary_id(root.id))
    sealed: bytes | None = await connection.fetchval(_CANARY, PLATFORM, name.id)
    sealed = sealed or await root.seal(new_key(), name)
    await root.open(sealed, name)
    return sealed


def canary_id(root_id: str) -> UUID:
    """What the row of a root's canary is called."""
    return uuid5(NAMESPACE_URL, root_id)
