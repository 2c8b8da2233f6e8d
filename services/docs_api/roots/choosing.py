"""What an operator decides about the root of a firm: which one it is, and whether it may be used.

It works as the sweeper's role, past the tenants, in transactions of its own with their evidence in the firm's
log. Nobody is named in that: whoever may read the key folder decides, and the machine's own log says who.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from services.docs_api.operating import changing
from services.docs_api.roots.canaries import ensure_canary_of
from services.evidence.recorder import Recorder
from services.keys.roots import Roots, is_elsewhere

_CURRENT = "SELECT root FROM firm_keys WHERE tenant_id = $1 AND retired_at IS NULL"
_CHOOSE = """
INSERT INTO firm_roots (tenant_id, root, changed_at) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id) DO UPDATE SET root = EXCLUDED.root, changed_at = EXCLUDED.changed_at
"""
_REVOKE = """
INSERT INTO firm_roots (tenant_id, changed_at, revoked_at) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id) DO UPDATE SET revoked_at = EXCLUDED.revoked_at, changed_at = EXCLUDED.changed_at
"""
_FIRMS = """
SELECT coalesce(k.tenant_id, r.tenant_id) AS firm, k.root AS lies_under, r.root AS chosen, r.revoked_at
FROM (SELECT tenant_id, root FROM firm_keys WHERE retired_at IS NULL) k
FULL JOIN firm_roots r ON r.tenant_id = k.tenant_id ORDER BY firm
"""


@dataclass(frozen=True, slots=True)
class FirmState:
    """`lies_under`: the root of the firm's key, None before it has one. `chosen` None: the default."""

    firm: UUID
    lies_under: str | None
    chosen: str | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Choosing:
    """Decides for one deployment."""

    connection: asyncpg.Connection
    recorder: Recorder
    roots: Roots

    async def choose(self, firm: UUID, root_id: str) -> str | None:
        """Have the firm's next key made under this root; the id of the one that its key lies under now.

        Raises:
            NoSuchFirmError: it is none.
            KeysError: the root cannot be used.
        """
        root = self.roots.named(root_id)
        if is_elsewhere(root.id):
            await ensure_canary_of(self.connection, root, self.recorder.clock())
        async with changing(self.connection, self.recorder, firm, "root.chosen", {"root": root.id}):
            await self.connection.execute(_CHOOSE, firm, root.id, self.recorder.clock())
        under: str | None = await self.connection.fetchval(_CURRENT, firm)
        return under

    async def revoke(self, firm: UUID) -> None:
        """Stop the firm: from here on nothing of it is opened or sealed (raises NoSuchFirmError)."""
        now = self.recorder.clock()
        async with changing(self.connection, self.recorder, firm, "root.revoked", {}):
            await self.connection.execute(_REVOKE, firm, now, now)

    async def reinstate(self, firm: UUID) -> None:
        """Take a revocation back (raises NoSuchFirmError)."""
        async with changing(self.connection, self.recorder, firm, "root.reinstated", {}):
            await self.connection.execute(_REVOKE, firm, self.recorder.clock(), None)

    async def firms(self) -> list[FirmState]:
        """Every firm that has a key, or for which something was decided."""
        return [FirmState(**row) for row in await self.connection.fetch(_FIRMS)]
