"""Turns: what counts before it adds is done by one transaction at a time, for one person."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession


async def one_at_a_time(session: AsyncSession, what: str, tenant: UUID, member: UUID) -> None:
    """Wait until no other transaction is at this for the person in this firm; then keep others out of it.

    What is counted afterwards is what there is, until this transaction ends. Rows that it also locks, it
    locks before.
    """
    await session.execute(
        select(func.pg_advisory_xact_lock(func.hashtextextended(f"{what}:{tenant}:{member}", 0)))
    )
