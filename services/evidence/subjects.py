"""Per-subject keys: what names a person in a tenant's evidence opens under a key of that person alone.

A key is made and committed on a connection of its own before it seals anything, so that no event can be
sealed under a key whose transaction was rolled back.
"""

from collections import OrderedDict
from datetime import datetime
from uuid import UUID

import asyncpg

from services.kernel.database import TENANTS_SETTING
from services.keys.files import NamedKey
from services.keys.wrapping import KeyName, SecretKey, new_key, unwrap, wrap

_CACHED_KEYS = 4096
_FIND = "SELECT wrapped FROM subject_keys WHERE tenant_id = $1 AND subject_id = $2"
_INSERT = (
    "INSERT INTO subject_keys (tenant_id, subject_id, wrapped, created_at) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT DO NOTHING"
)


class SubjectKeys:
    """Finds or makes subject keys, and keeps the most recent ones unwrapped."""

    def __init__(self, master: NamedKey) -> None:
        self._master = master
        self._cache: OrderedDict[tuple[UUID, UUID], SecretKey] = OrderedDict()

    def cached(self, tenant: UUID, subject: UUID) -> SecretKey | None:
        return self._cache.get((tenant, subject))

    async def ensure(
        self, connection: asyncpg.Connection, tenant: UUID, subject: UUID, now: datetime
    ) -> SecretKey:
        """The key of `subject` in `tenant`, made if absent. `connection` must not be inside a transaction."""
        fresh = wrap(self._master.key, self._master.name, new_key(), _name(tenant, subject))
        async with connection.transaction():
            await connection.execute("SELECT set_config($1, $2, true)", TENANTS_SETTING, str(tenant))
            await connection.execute(_INSERT, tenant, subject, fresh, now)
            wrapped = await connection.fetchval(_FIND, tenant, subject)
        return self._remember(tenant, subject, self.open(tenant, subject, wrapped))

    def open(self, tenant: UUID, subject: UUID, wrapped: bytes) -> SecretKey:
        """Unwrap a stored key (raises `UnwrapError` when it was altered or moved)."""
        return unwrap(self._master.key, self._master.name, wrapped, _name(tenant, subject))

    def _remember(self, tenant: UUID, subject: UUID, key: SecretKey) -> SecretKey:
        self._cache[tenant, subject] = key
        if len(self._cache) > _CACHED_KEYS:
            self._cache.popitem(last=False)
        return key


def _name(tenant: UUID, subject: UUID) -> KeyName:
    return KeyName("subject", tenant, subject)
