"""Named reads and writes of factor resets."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.auth.ending import void_challenges
from services.auth.enrolment.queries import RESET
from services.auth.lookups import Place
from services.tables.auth import FactorReset, Invitation

_OPEN = ("pending", "released")


async def open_reset(session: AsyncSession, tenant: UUID) -> FactorReset | None:
    """The newest reset that may still let somebody in."""
    wanted = (
        select(FactorReset)
        .where(FactorReset.tenant_id == tenant, FactorReset.state.in_(_OPEN))
        .order_by(FactorReset.id.desc())
        .limit(1)
    )
    found: FactorReset | None = await session.scalar(wanted)
    return found


async def close_resets(session: AsyncSession, tenant: UUID, state: str, now: datetime) -> list[FactorReset]:
    """End every open reset of the organization, with their codes and what was begun with them."""
    closed = await session.scalars(
        update(FactorReset)
        .where(FactorReset.tenant_id == tenant, FactorReset.state.in_(_OPEN))
        .values(state=state, closed_at=now)
        .returning(FactorReset)
    )
    await session.execute(
        update(Invitation)
        .where(
            Invitation.tenant_id == tenant,
            Invitation.purpose == RESET,
            Invitation.redeemed_at.is_(None),
            Invitation.expires_at > now,
        )
        .values(expires_at=now)
    )
    found = list(closed)
    for reset in found:
        await void_challenges(session, Place(tenant, reset.member_id), now, purpose="recover")
    return found


async def complete_reset(session: AsyncSession, member: Place, now: datetime) -> None:
    """If `member` recovers through a reset, it is over now, and its code used up."""
    await session.execute(
        update(Invitation)
        .where(
            Invitation.tenant_id == member.tenant,
            Invitation.purpose == RESET,
            Invitation.redeemed_by == member.id,
            Invitation.redeemed_at.is_(None),
            Invitation.expires_at > now,
        )
        .values(redeemed_at=now)
    )
    await session.execute(
        update(FactorReset)
        .where(
            FactorReset.tenant_id == member.tenant,
            FactorReset.member_id == member.id,
            FactorReset.state == "released",
        )
        .values(state="completed", closed_at=now)
    )
