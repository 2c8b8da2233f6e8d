"""Named reads and writes of devices that ask. All rows are the platform's."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.auth.throttle import SWEPT_AT_ONCE
from services.kernel.ids import PLATFORM
from services.tables.devices import DeviceRequest

_KEPT: Final = timedelta(days=1)


async def add_request(session: AsyncSession, values: dict[str, object]) -> bool:
    """Whether the row was added: not if one of its codes is taken."""
    fresh = insert(DeviceRequest).values(tenant_id=PLATFORM, **values).on_conflict_do_nothing()
    return await session.scalar(fresh.returning(DeviceRequest.id)) is not None


async def lock_of_device(session: AsyncSession, sha256: bytes) -> DeviceRequest | None:
    wanted = select(DeviceRequest).where(
        DeviceRequest.tenant_id == PLATFORM, DeviceRequest.device_sha256 == sha256
    )
    found: DeviceRequest | None = await session.scalar(wanted.with_for_update())
    return found


async def lock_open(session: AsyncSession, index: bytes, now: datetime) -> DeviceRequest | None:
    """The request of a user code, if it is not over and nobody has decided on it."""
    wanted = select(DeviceRequest).where(
        DeviceRequest.tenant_id == PLATFORM,
        DeviceRequest.user_code_index == index,
        DeviceRequest.decision.is_(None),
        DeviceRequest.expires_at > now,
    )
    found: DeviceRequest | None = await session.scalar(wanted.with_for_update())
    return found


async def collect(session: AsyncSession, request: UUID, now: datetime) -> bool:
    """Mark it collected. Whether this call did it: tokens are given once."""
    won = await session.scalar(
        update(DeviceRequest)
        .where(
            DeviceRequest.tenant_id == PLATFORM,
            DeviceRequest.id == request,
            DeviceRequest.collected_at.is_(None),
        )
        .values(collected_at=now)
        .returning(DeviceRequest.id)
    )
    return won is not None


async def sweep(session: AsyncSession, now: datetime) -> None:
    """Delete a few that are long over. Waits for nobody."""
    over = (
        select(DeviceRequest.id)
        .where(DeviceRequest.tenant_id == PLATFORM, DeviceRequest.expires_at < now - _KEPT)
        .limit(SWEPT_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    ids = list(await session.scalars(over))
    if ids:
        await session.execute(
            delete(DeviceRequest).where(DeviceRequest.tenant_id == PLATFORM, DeviceRequest.id.in_(ids))
        )
