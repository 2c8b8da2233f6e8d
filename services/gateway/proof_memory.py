"""Which proofs were used: kept in the database, so that each is used once, whichever worker it is sent to.

A proof is remembered until nobody believes it any more, and committed before its request is admitted. Whoever
sends none asks nothing here; proofs that come at the same time share one statement and its commit.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.batches import Batches
from services.kernel.database import Database
from services.kernel.ids import PLATFORM
from services.keys.proofs import Proof
from services.tables.gateway import UsedProof

_AT_ONCE: Final = 200
_SWEPT_AT_ONCE: Final = 1000
_SWEEP_EVERY: Final = timedelta(seconds=10)
_KEPT_LONGER: Final = timedelta(minutes=1)  # another node's clock may be behind
_Use = tuple[Proof, datetime]


class ProofMemory:
    """Uses proofs up in `database`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._batches: Batches[_Use, bool] = Batches(self._use_all, _AT_ONCE)
        self._swept_at: datetime | None = None

    async def use(self, proof: Proof, now: datetime) -> bool:
        """Whether this is the first use of the proof.

        Raises:
            Unavailable: the database does not answer.
        """
        return await self._batches.ask((proof, now))

    async def _use_all(self, uses: Sequence[_Use]) -> list[bool]:
        ends = {proof.digest: proof.ends + _KEPT_LONGER for proof, _ in uses}
        # In one order everywhere: two batches that name the same proofs must not wait for each other.
        rows = [
            {"tenant_id": PLATFORM, "digest": digest, "expires_at": ends[digest]} for digest in sorted(ends)
        ]
        async with self._database.transaction([PLATFORM]) as session:
            using = insert(UsedProof).values(rows).on_conflict_do_nothing().returning(UsedProof.digest)
            new = set(await session.scalars(using))
            await self._sweep(session, max(now for _, now in uses))
        return [_taken(new, proof.digest) for proof, _ in uses]

    async def _sweep(self, session: AsyncSession, now: datetime) -> None:
        """Forget what nobody believes any more, now and then; with the next batch too while there is much."""
        if self._swept_at is not None and now - self._swept_at < _SWEEP_EVERY:
            return
        over = (
            select(UsedProof.digest)
            .where(UsedProof.tenant_id == PLATFORM, UsedProof.expires_at < now)
            .limit(_SWEPT_AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        digests = list(await session.scalars(over))
        if len(digests) < _SWEPT_AT_ONCE:
            self._swept_at = now
        if digests:
            mine = UsedProof.tenant_id == PLATFORM
            await session.execute(delete(UsedProof).where(mine, UsedProof.digest.in_(digests)))


def _taken(new: set[bytes], digest: bytes) -> bool:
    """Of those who sent one proof at the same time, the first has used it."""
    if digest not in new:
        return False
    new.remove(digest)
    return True
