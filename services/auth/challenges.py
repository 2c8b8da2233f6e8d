"""Challenges: what stands between the first factor and the second. Five tries, some minutes, used once."""

from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.auth.codes import Code, CodeKind, new_code
from services.auth.errors import ChallengeEnded
from services.auth.lookups import Place
from services.kernel.ids import new_id
from services.tables.sessions import Challenge

Purpose = Literal["enrol", "sign_in", "recover", "replace", "add"]
_ENROLLING = timedelta(minutes=15)
LIFETIMES: Final = {
    "enrol": _ENROLLING,
    "sign_in": timedelta(minutes=5),
    "recover": _ENROLLING,
    "replace": _ENROLLING,
    "add": _ENROLLING,
}
ATTEMPTS: Final = 5


async def open_challenge(
    session: AsyncSession, member: Place, purpose: Purpose, now: datetime
) -> tuple[Code, datetime]:
    """A new challenge for `member`; returns its secret and when it ends."""
    code, expires_at = new_code(CodeKind.CHALLENGE), now + LIFETIMES[purpose]
    await session.execute(
        insert(Challenge).values(
            tenant_id=member.tenant,
            id=new_id(now),
            purpose=purpose,
            secret_sha256=code.sha256,
            member_id=member.id,
            attempts_left=ATTEMPTS,
            created_at=now,
            expires_at=expires_at,
        )
    )
    return code, expires_at


async def spend_attempt(session: AsyncSession, place: Place, purpose: Purpose, now: datetime) -> UUID:
    """Take one of the challenge's attempts; returns whose it is.

    Raises:
        ChallengeEnded: it is of another purpose, used, over, or has none left.
    """
    member: UUID | None = await session.scalar(
        update(Challenge)
        .where(
            Challenge.tenant_id == place.tenant,
            Challenge.id == place.id,
            Challenge.purpose == purpose,
            Challenge.consumed_at.is_(None),
            Challenge.expires_at > now,
            Challenge.attempts_left > 0,
        )
        .values(attempts_left=Challenge.attempts_left - 1)
        .returning(Challenge.member_id)
    )
    if member is None:
        raise ChallengeEnded
    return member


async def consume_challenge(session: AsyncSession, place: Place, now: datetime) -> None:
    """Use the challenge up: one of many at the same time succeeds.

    Raises:
        ChallengeEnded: somebody was first.
    """
    won = await session.scalar(
        update(Challenge)
        .where(Challenge.tenant_id == place.tenant, Challenge.id == place.id, Challenge.consumed_at.is_(None))
        .values(consumed_at=now)
        .returning(Challenge.id)
    )
    if won is None:
        raise ChallengeEnded
