"""The firms in which one of a provider's people holds a grant, as far as `auth` must know."""

from uuid import UUID

from sqlalchemy import func, select

from services.auth.lookups import Place
from services.evidence.act import Act
from services.tables.agreements import Grant


async def firms_with_grants_of(act: Act, member: Place) -> dict[UUID, int]:
    """How many grants that have not ended the member holds, in each firm that gave any."""
    wanted = (
        select(Grant.tenant_id, func.count(Grant.id))
        .where(
            Grant.provider_id == member.tenant,
            Grant.member_id == member.id,
            Grant.revoked_at.is_(None),
            Grant.ends_at > act.now,
        )
        .group_by(Grant.tenant_id)
    )
    return {row[0]: row[1] for row in await act.session.execute(wanted)}
