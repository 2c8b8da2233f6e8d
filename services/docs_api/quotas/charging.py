"""Whether there is room for an upload, asked once it is charged and before anything of it is kept.

The database charges; it is asked to do so at once, which locks both counters until the transaction ends. So
of several uploads at the edge of a quota exactly those fit for which there is room. A refusal rolls its own
charge back.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.docs_api.quotas.errors import QuotaExceeded, TooManyUploads, TooMuchReserved
from services.docs_api.quotas.queries import COUNT_NOW, count_open, reserved_by, room_of
from services.docs_api.turns import one_at_a_time
from services.docs_api.vault import vault_of
from services.evidence.act import Act
from services.kernel.quota_settings import QuotaSettings

_RETRY_AFTER_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Charged:
    """Whom an upload is charged to."""

    tenant: UUID
    matter: UUID
    member: UUID


async def require_room(session: AsyncSession, settings: QuotaSettings, charged: Charged) -> None:
    """Return if firm and matter may hold what they are charged with now, and its sender reserve it.

    Raises:
        QuotaExceeded: one of them may not; which and how much it may hold is in the problem.
        TooMuchReserved: its sender has begun too much that did not come yet.
    """
    await session.execute(COUNT_NOW)
    await _require_little_reserved(session, settings.reserved_bytes_per_member, charged)
    tenant, matter_id = charged.tenant, charged.matter
    row = (await session.execute(room_of(tenant, matter_id))).mappings().one_or_none()
    if row is None:
        return  # nothing was ever charged
    for quota, used, limit in (
        ("firm", row["firm_used"], limit_of(row["firm_quota"], settings.firm_quota_bytes)),
        ("matter", row["matter_used"], limit_of(row["matter_quota"], settings.matter_quota_bytes)),
    ):
        if limit is not None and used > limit:
            raise QuotaExceeded(quota=quota, limit_bytes=limit)


async def _require_little_reserved(session: AsyncSession, limit: int, charged: Charged) -> None:
    """The firm's counter is locked by now, so of several at once each sees those before it."""
    if limit and await session.scalar(reserved_by(charged.tenant, charged.member)) > limit:
        raise TooMuchReserved(limit_bytes=limit)


def limit_of(told: int | None, default: int) -> int | None:
    """How much may be held: as was set for it, or the default; None: as much as comes."""
    return told if told is not None else default or None


async def require_few_open(act: Act) -> None:
    """Return if the principal may begin another upload; until the act ends they begin no other beside it.

    Raises:
        TooManyUploads: they have as many as one may have.
    """
    principal = act.principal
    await one_at_a_time(act.session, "uploads", principal.firm, principal.id)
    opened = await act.session.scalar(count_open(principal.firm, principal.id, act.now))
    if (opened or 0) >= vault_of(act.request).settings.open_uploads_per_member:
        raise TooManyUploads(_RETRY_AFTER_SECONDS)
