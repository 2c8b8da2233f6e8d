"""What a member can no longer use: sessions with their refresh tokens, challenges, invitations they gave."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import true, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.auth.challenges import Purpose
from services.auth.lookups import Place
from services.tables.auth import Invitation
from services.tables.sessions import Challenge, Session


async def end_sessions(
    session: AsyncSession, member: Place, reason: str, now: datetime, *, keep: UUID | None = None
) -> int:
    """End every session of `member` but `keep`, for `reason` (a slug); returns how many.

    Every request and every running transfer asks for the session, so this is felt at once.
    """
    ended = await session.scalars(
        update(Session)
        .where(
            Session.tenant_id == member.tenant,
            Session.member_id == member.id,
            Session.ended_at.is_(None),
            Session.id.is_distinct_from(keep),
        )
        .values(ended_at=now, end_reason=reason)
        .returning(Session.id)
    )
    return len(ended.all())


async def end_sessions_opened_with(session: AsyncSession, member: Place, factor: UUID, now: datetime) -> int:
    """End the sessions of `member` that were opened with `factor`, or nobody knows with what."""
    ended = await session.scalars(
        update(Session)
        .where(
            Session.tenant_id == member.tenant,
            Session.member_id == member.id,
            Session.ended_at.is_(None),
            Session.factor_id.is_(None) | (Session.factor_id == factor),
        )
        .values(ended_at=now, end_reason="factor-removed")
        .returning(Session.id)
    )
    return len(ended.all())


async def void_challenges(
    session: AsyncSession, member: Place, now: datetime, *, purpose: Purpose | None = None
) -> None:
    """What was begun with a password, or to enrol a factor, must be begun again."""
    await session.execute(
        update(Challenge)
        .where(
            Challenge.tenant_id == member.tenant,
            Challenge.member_id == member.id,
            Challenge.consumed_at.is_(None),
            true() if purpose is None else Challenge.purpose == purpose,
        )
        .values(consumed_at=now)
    )


async def void_invitations(session: AsyncSession, inviter: Place, now: datetime) -> int:
    """Void the open invitations that `inviter` gave; returns how many."""
    voided = await session.scalars(
        update(Invitation)
        .where(
            Invitation.tenant_id == inviter.tenant,
            Invitation.invited_by == inviter.id,
            Invitation.redeemed_at.is_(None),
            Invitation.expires_at > now,
        )
        .values(expires_at=now)
        .returning(Invitation.id)
    )
    return len(voided.all())
