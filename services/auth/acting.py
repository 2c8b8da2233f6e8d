"""For whom a member may act: their own organization, or a firm that has engaged it, now."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.problems import NotFound
from services.tables.agreements import Engagement
from services.tables.auth import Organization


def engaged(now: datetime) -> ColumnElement[bool]:
    """The condition that an engagement is in force."""
    started = Engagement.starts_at <= now
    not_over = or_(Engagement.ends_at.is_(None), Engagement.ends_at > now)
    return (Engagement.state == "active") & started & not_over


async def require_engagement(session: AsyncSession, firm: UUID, provider: UUID, now: datetime) -> None:
    """The firm has engaged the provider, and both are open. The session must see both.

    Raises:
        NotFound: it has not, or there is no such organization; nobody learns which.
    """
    open_parties = select(Organization.id).where(Organization.state == "active")
    found = await session.scalar(
        select(Engagement.id)
        .where(
            Engagement.tenant_id == firm,
            Engagement.provider_id == provider,
            engaged(now),
            Engagement.tenant_id.in_(open_parties),
            Engagement.provider_id.in_(open_parties),
        )
        .limit(1)
    )
    if found is None:
        raise NotFound


def engagements_of(provider: UUID, now: datetime) -> Select[Engagement]:
    return select(Engagement).where(Engagement.provider_id == provider, engaged(now))
