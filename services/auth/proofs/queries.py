"""Named reads and writes of what an organization demands, and the lock that keeps it so meanwhile."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.tables.sessions import ProofPolicy, Session


async def lock_policy(session: AsyncSession, tenant: UUID, *, exclusive: bool) -> None:
    """Keep it as it is (exclusive: and keep sessions from beginning) until the transaction ends.

    It is taken after the member's row, and whoever has it alone takes no member's.
    """
    lock = func.pg_advisory_xact_lock if exclusive else func.pg_advisory_xact_lock_shared
    await session.execute(select(lock(func.hashtextextended(f"proof-policy:{tenant}", 0))))


async def read_policy(session: AsyncSession, tenant: UUID) -> ProofPolicy | None:
    policy: ProofPolicy | None = await session.scalar(
        select(ProofPolicy).where(ProofPolicy.tenant_id == tenant)
    )
    return policy


async def end_unbound(session: AsyncSession, tenant: UUID, now: datetime, *, programs_alone: bool) -> int:
    """End the sessions that are bound to no key; returns how many."""
    ended = await session.scalars(
        update(Session)
        .where(
            Session.tenant_id == tenant,
            Session.proof_key.is_(None),
            Session.ended_at.is_(None),
            Session.expires_at > now,
            Session.client_kid.is_not(None) if programs_alone else true(),
        )
        .values(ended_at=now, end_reason="proof-required")
        .returning(Session.id)
    )
    return len(ended.all())
