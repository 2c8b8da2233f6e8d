"""One service of one provider has one engagement at a time, so that it is plain which conditions hold."""

from sqlalchemy import func, or_, select, true

from services.docs_api.engagements.errors import EngagementOverlaps
from services.evidence.act import Act
from services.tables.agreements import Engagement


async def require_apart(act: Act, engagement: Engagement) -> None:
    """Return if no other engagement in force shares a service and some time with `engagement`.

    Holds back other writers of engagements with the provider until this transaction ends.

    Raises:
        EngagementOverlaps: one does.
    """
    pair = f"engagement {engagement.tenant_id} {engagement.provider_id}"
    await act.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(pair, 0))))
    begins_before_end = true() if engagement.ends_at is None else Engagement.starts_at < engagement.ends_at
    others = await act.session.execute(
        select(Engagement.id, Engagement.services)
        .where(
            Engagement.tenant_id == engagement.tenant_id,
            Engagement.provider_id == engagement.provider_id,
            Engagement.id != engagement.id,
            Engagement.state == "active",
            begins_before_end,
            or_(Engagement.ends_at.is_(None), Engagement.ends_at > engagement.starts_at),
        )
        .order_by(Engagement.id)
    )
    services = {service.casefold() for service in engagement.services}
    for other in others:
        if services & {service.casefold() for service in other.services}:
            raise EngagementOverlaps(None, engagement_id=str(other.id))
