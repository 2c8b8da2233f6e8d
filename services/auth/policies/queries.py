"""Named reads and writes of policies."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.auth.policies.policy import Policies
from services.auth.policies.schemas import Conditions
from services.kernel.scopes import Role
from services.tables.auth import MemberRole
from services.tables.session_policies import SessionPolicy
from services.tables.sessions import Session


async def read_policies(session: AsyncSession, tenant: UUID) -> dict[Role, Conditions]:
    """All policies of an organization."""
    rows = await session.scalars(select(SessionPolicy).where(SessionPolicy.tenant_id == tenant))
    return {Role(row.role): Conditions.model_validate(row.conditions) for row in rows}


async def conditions_for(
    session: AsyncSession, tenants: Collection[UUID], roles: Collection[Role]
) -> dict[UUID, list[Conditions]]:
    """What each of these organizations demands of whoever holds these roles."""
    rows = await session.scalars(
        select(SessionPolicy).where(SessionPolicy.tenant_id.in_(tenants), SessionPolicy.role.in_(roles))
    )
    found: dict[UUID, list[Conditions]] = defaultdict(list)
    for row in rows:
        found[row.tenant_id].append(Conditions.model_validate(row.conditions))
    return found


async def replace_policies(session: AsyncSession, tenant: UUID, policies: Policies, now: datetime) -> None:
    await session.execute(delete(SessionPolicy).where(SessionPolicy.tenant_id == tenant))
    rows = [
        {
            "tenant_id": tenant,
            "role": role,
            "conditions": one.model_dump(exclude_none=True),
            "changed_at": now,
        }
        for role, one in sorted(policies.items())
    ]
    if rows:
        await session.execute(insert(SessionPolicy), rows)


async def shorten_sessions(session: AsyncSession, tenant: UUID, policies: Policies, now: datetime) -> None:
    """No open session of these roles' holders outlasts what the policy says; none becomes longer."""
    for role, one in policies.items():
        holders = select(MemberRole.member_id).where(MemberRole.tenant_id == tenant, MemberRole.role == role)
        shorter = {}
        if one.absolute_seconds is not None:
            end = Session.created_at + timedelta(seconds=one.absolute_seconds)
            shorter["expires_at"] = func.least(Session.expires_at, end)
        if one.idle_seconds is not None:
            idle = now + timedelta(seconds=one.idle_seconds)
            shorter["idle_expires_at"] = func.least(Session.idle_expires_at, idle)
        if shorter:
            await session.execute(
                update(Session)
                .where(
                    Session.tenant_id == tenant, Session.ended_at.is_(None), Session.member_id.in_(holders)
                )
                .values(shorter)
            )


async def shorten_idle(session: AsyncSession, tenant: UUID, session_id: UUID, until: datetime) -> None:
    """The session ends by `until` unless it is used before, if it does not end earlier anyway."""
    await session.execute(
        update(Session)
        .where(Session.tenant_id == tenant, Session.id == session_id)
        .values(idle_expires_at=func.least(Session.idle_expires_at, until))
    )
