"""Seals anew, batch after batch, what lies under an old key; each batch is a transaction of its own.

Keys are opened and sealed with no transaction open, and a row is written only if it still is what was read:
one that changed meanwhile is met again. The secret stays the same, so whoever holds it open goes on.
"""

from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

import asyncpg

from services.docs_api.rotation.errors import AlteredKeyError
from services.docs_api.rotation.opening import KeyRows, reopened
from services.docs_api.rotation.rows import Rotation
from services.keys.wrapping import KeyName, UnwrapError, wrap

BATCH: Final = 256
_FIRM_KEYS = """
SELECT k.tenant_id, k.id, k.wrapped FROM firm_keys k LEFT JOIN firm_roots r ON r.tenant_id = k.tenant_id
WHERE k.root = $1 AND r.revoked_at IS NULL
    AND (position(':' in $2) = 0 OR r.root IS NULL OR r.root IN ($1, $2))
ORDER BY k.tenant_id, k.id LIMIT $3
"""
"""A firm that chose another root elsewhere does not come under this one on the way."""
_MOVE_FIRM_KEYS = """
UPDATE firm_keys k SET root = $5, wrapped = m.new
FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[]) AS m (tenant, id, old, new)
WHERE k.tenant_id = m.tenant AND k.id = m.id AND k.wrapped = m.old
"""
_MATTER_KEYS = """
SELECT id, wrapped FROM matter_keys WHERE tenant_id = $1 AND firm_key_id = $2 ORDER BY id LIMIT $3
"""
_MOVE_MATTER_KEYS = """
UPDATE matter_keys k SET firm_key_id = $5, wrapped = m.new
FROM unnest($2::uuid[], $3::bytea[], $4::bytea[]) AS m (id, old, new)
WHERE k.tenant_id = $1 AND k.id = m.id AND k.wrapped = m.old
"""
_MOVE_AGREEMENTS = "UPDATE nda_versions SET firm_key_id = $3 WHERE tenant_id = $1 AND firm_key_id = $2"
_DATA_KEYS = """
SELECT id, wrapped_data_key AS wrapped FROM versions
WHERE tenant_id = $1 AND matter_key_id = $2 ORDER BY id LIMIT $3
"""
_MOVE_DATA_KEYS = """
UPDATE versions v SET matter_key_id = $5, wrapped_data_key = m.new
FROM unnest($2::uuid[], $3::bytea[], $4::bytea[]) AS m (id, old, new)
WHERE v.tenant_id = $1 AND v.id = m.id AND v.wrapped_data_key = m.old
"""

Step = Callable[[], Awaitable[int]]
"""Moves one batch; how many rows it met."""


async def mover(keys: KeyRows, rotation: Rotation) -> Step:
    """What moves a batch of this rotation (raises RotationError, KeysError)."""
    if rotation.level == "root":
        return lambda: _move_firm_keys(keys, rotation)
    await keys.usable_root(rotation.tenant)
    old_id, new_id = UUID(rotation.old), UUID(rotation.new)
    opened = keys.firm_key if rotation.level == "firm" else keys.matter_key
    (old, _), (new, _) = await opened(rotation.tenant, old_id), await opened(rotation.tenant, new_id)
    old_name, new_name = (KeyName(rotation.level, rotation.tenant, each) for each in (old_id, new_id))
    kind = "matter" if rotation.level == "firm" else "data"

    def anew(row: asyncpg.Record) -> bytes:
        what = f"The {_WORDS[kind]} {row['id']} of the firm {rotation.tenant}"
        name = KeyName(kind, rotation.tenant, row["id"])
        return wrap(new, new_name, reopened(old, old_name, row["wrapped"], name, what), name)

    return lambda: _move_children(keys, rotation, anew)


_WORDS = {"matter": "matter key", "data": "data key of the version"}


async def _move_firm_keys(keys: KeyRows, rotation: Rotation) -> int:
    rows = await keys.connection.fetch(_FIRM_KEYS, rotation.old, rotation.new, BATCH)
    sealed = [await _firm_key_anew(keys, rotation, row) for row in rows]
    columns = ([row[name] for row in rows] for name in ("tenant_id", "id", "wrapped"))
    async with keys.connection.transaction():
        done = await keys.connection.execute(_MOVE_FIRM_KEYS, *columns, sealed, rotation.new)
        await keys.rotations.moved(rotation, _count(done))
    return len(rows)


async def _firm_key_anew(keys: KeyRows, rotation: Rotation, row: asyncpg.Record) -> bytes:
    name = KeyName("firm", row["tenant_id"], row["id"])
    old, new = keys.roots.named(rotation.old), keys.roots.named(rotation.new)
    what = f"The firm key {row['id']} of the firm {row['tenant_id']}"
    try:
        key = await old.open(row["wrapped"], name)
    except UnwrapError as error:
        raise AlteredKeyError(what) from error
    return await new.seal(key, name)


async def _move_children(keys: KeyRows, rotation: Rotation, anew: Callable[[asyncpg.Record], bytes]) -> int:
    tenant, old, new = rotation.tenant, UUID(rotation.old), UUID(rotation.new)
    of_firm = rotation.level == "firm"
    read, write = (_MATTER_KEYS, _MOVE_MATTER_KEYS) if of_firm else (_DATA_KEYS, _MOVE_DATA_KEYS)
    rows = await keys.connection.fetch(read, tenant, old, BATCH)
    ids, wrapped = [row["id"] for row in rows], [row["wrapped"] for row in rows]
    sealed = [anew(row) for row in rows]
    async with keys.connection.transaction():
        done = await keys.connection.execute(write, tenant, ids, wrapped, sealed, new)
        if of_firm:
            await keys.connection.execute(_MOVE_AGREEMENTS, tenant, old, new)
        await keys.rotations.moved(rotation, _count(done))
    return len(rows)


def _count(done: str) -> int:
    return int(done.rpartition(" ")[2])
