"""Named reads and writes of factor resets."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

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
    """Let every open reset of the organization end in `state`, and void their codes."""
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
    return list(closed)


async def complete_reset(session: AsyncSession, member: Place, now: datetime) -> None:
    """If `member` recovers through a reset, its code is used up now."""
    used = await session.scalar(
        update(Invitation)
        .where(
            Invitation.tenant_id == member.tenant,
            Invitation.purpose == RESET,
            Invitation.redeemed_by == member.id,
            Invitation.redeemed_at.is_(None),
            Invitation.expires_at > now,
        )
        .values(redeemed_at=now)
        .returning(Invitation.id)
    )
    if used is not None:
        await session.execute(
            update(FactorReset)
            .where(FactorReset.tenant_id == member.tenant, FactorReset.invitation_id == used)
            .values(state="completed", closed_at=now)
        )
