"""Named reads and writes of sessions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.auth.codes import CodeKind, new_code
from services.auth.locks import lock_member
from services.auth.lookups import Place
from services.auth.tokens import Bearer
from services.kernel.ids import new_id
from services.kernel.scopes import Role
from services.tables.auth import MemberRole
from services.tables.sessions import RefreshToken, Session


async def roles_of(session: AsyncSession, member: Place) -> frozenset[Role]:
    """The roles of an active member; none of anybody else. They stay so until the transaction ends."""
    locked = await lock_member(session, member)
    if locked is None or locked.state != "active":
        return frozenset()
    rows = await session.scalars(
        select(MemberRole.role).where(
            MemberRole.tenant_id == member.tenant, MemberRole.member_id == member.id
        )
    )
    return frozenset(Role(role) for role in rows)


async def find_live(session: AsyncSession, place: Place, now: datetime) -> Session | None:
    live: Session | None = await session.scalar(
        select(Session).where(
            Session.tenant_id == place.tenant,
            Session.id == place.id,
            Session.ended_at.is_(None),
            Session.idle_expires_at > now,
            Session.expires_at > now,
        )
    )
    return live


async def bearer_of(session: AsyncSession, live: Session) -> Bearer:
    return Bearer(
        member=live.member_id,
        organization=live.tenant_id,
        session=live.id,
        roles=await roles_of(session, Place(live.tenant_id, live.member_id)),
        acr=live.acr,
        amr=tuple(live.amr),
        auth_time=live.auth_time,
        expires_at=live.expires_at,
        proof_key=live.proof_key,
        began_at=live.created_at,
    )


async def lock_session(session: AsyncSession, token: Place) -> Place:
    """Lock the session of a refresh token, so that its tokens are used one after the other."""
    wanted = (
        select(Session.id, Session.member_id)
        .join(
            RefreshToken,
            (RefreshToken.tenant_id == Session.tenant_id) & (RefreshToken.session_id == Session.id),
        )
        .where(RefreshToken.tenant_id == token.tenant, RefreshToken.id == token.id)
    )
    found = (await session.execute(wanted)).one()
    place = Place(token.tenant, found.id)
    await lock_member(session, Place(token.tenant, found.member_id))
    await session.execute(
        select(Session.id).where(Session.tenant_id == place.tenant, Session.id == place.id).with_for_update()
    )
    return place


async def read_token(session: AsyncSession, token: Place) -> RefreshToken:
    """The refresh token as it is now; call it after `lock_session`."""
    wanted = select(RefreshToken).where(RefreshToken.tenant_id == token.tenant, RefreshToken.id == token.id)
    return (await session.scalars(wanted)).one()


async def use_token(session: AsyncSession, token: Place, now: datetime) -> bool:
    """Mark the refresh token used. Whether this call did it: one of many at the same time does."""
    won = await session.scalar(
        update(RefreshToken)
        .where(
            RefreshToken.tenant_id == token.tenant,
            RefreshToken.id == token.id,
            RefreshToken.used_at.is_(None),
            RefreshToken.expires_at > now,
        )
        .values(used_at=now)
        .returning(RefreshToken.id)
    )
    return won is not None


async def add_token(session: AsyncSession, bearer: Bearer, acting_for: UUID, now: datetime) -> str:
    """A new refresh token of the session; returns its text."""
    code = new_code(CodeKind.REFRESH)
    await session.execute(
        insert(RefreshToken).values(
            tenant_id=bearer.organization,
            id=new_id(now),
            token_sha256=code.sha256,
            session_id=bearer.session,
            acting_for=acting_for,
            issued_at=now,
            expires_at=bearer.expires_at,
        )
    )
    return code.text


async def end_session(session: AsyncSession, place: Place, reason: str, now: datetime) -> bool:
    """End it for `reason` (a slug). Whether this call did: a session ends once."""
    ended = await session.scalar(
        update(Session)
        .where(Session.tenant_id == place.tenant, Session.id == place.id, Session.ended_at.is_(None))
        .values(ended_at=now, end_reason=reason)
        .returning(Session.id)
    )
    return ended is not None
