"""What an operator decides about where a firm's content lies.

As with a firm's root, nobody is named in the evidence: whoever may read the key folder decides, and the
machine's own log says who.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from services.docs_api.operating import changing
from services.evidence.recorder import Recorder
from services.storage.stores import Stores

_AFTER_SEGMENTS = "SELECT pg_advisory_xact_lock(x'73746f72'::int, hashtext($1::text))"
"""A segment takes the shared half while its row is written: none is compared with what was chosen before."""
_CHOOSE = """
INSERT INTO firm_stores (tenant_id, store, changed_at) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id) DO UPDATE SET store = EXCLUDED.store, changed_at = EXCLUDED.changed_at
"""
_CHOSEN = "SELECT tenant_id AS firm, store, changed_at FROM firm_stores ORDER BY tenant_id"


@dataclass(frozen=True, slots=True)
class ChosenStore:
    """A decision that holds: `store` is where all new content of the firm lies."""

    firm: UUID
    store: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class StoreChoosing:
    """Decides for one deployment. `connection` is of the sweeper's role."""

    connection: asyncpg.Connection
    recorder: Recorder
    stores: Stores

    async def choose(self, firm: UUID, name: str) -> None:
        """Have all content that comes from now on lie there, once the store has done what is asked of one.

        Raises:
            StoreError: it cannot be used, or there is none of that name.
            NoSuchFirmError: it is no firm.
        """
        store = await self.stores.named(name)
        await store.check()
        async with changing(self.connection, self.recorder, firm, "store.chosen", {"store": name}):
            await self.connection.execute(_AFTER_SEGMENTS, str(firm))
            await self.connection.execute(_CHOOSE, firm, name, self.recorder.clock())

    async def chosen(self) -> list[ChosenStore]:
        """Every firm for which something was decided."""
        return [ChosenStore(**row) for row in await self.connection.fetch(_CHOSEN)]
