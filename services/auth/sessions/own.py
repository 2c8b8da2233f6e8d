"""Sessions that are open: what a person sees and ends of their own, an administrator of a member's."""

from uuid import UUID

from sqlalchemy import ColumnElement, select, update

from services.auth.ending import end_sessions, void_challenges
from services.auth.identity import IdentityKeys
from services.auth.locks import lock_member
from services.auth.lookups import Place
from services.auth.sessions.queries import end_session
from services.auth.sessions.schemas import SessionList, SessionName, SessionsEnded, SessionView
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.problems import NotFound
from services.tables.sessions import Session

SHOWN = 100
"""A person with more open sessions than that sees the newest, and can end all others at once."""


async def list_sessions(act: Act, keys: IdentityKeys) -> SessionList:
    """One's own open sessions, the newest first."""
    rows = await act.session.scalars(
        select(Session).where(*_open(act)).order_by(Session.created_at.desc()).limit(SHOWN)
    )
    views = [_view(act, keys, row) for row in rows]
    await act.record(Draft("session.listed", change={"items": len(views)}), act.principal.organization)
    return SessionList(items=views)


async def name_session(act: Act, keys: IdentityKeys, session: UUID, body: SessionName) -> SessionView:
    """Say what one calls a session, by the device it is on (raises NotFound)."""
    sealed = keys.seal_session(act.principal.organization, session, body.name)
    row: Session | None = await act.session.scalar(
        update(Session)
        .where(*_open(act), Session.id == session)
        .values(name_sealed=sealed)
        .returning(Session)
    )
    if row is None:
        raise NotFound
    await act.record(Draft("session.named", subject=Subject("session", session)), act.principal.organization)
    return _view(act, keys, row)


async def end_own_session(act: Act, session: UUID) -> None:
    """End one of one's own sessions; its requests and transfers with it.

    Raises:
        NotFound: there is none, or it has ended.
    """
    place = Place(act.principal.organization, session)
    own = select(Session.id).where(*_open(act), Session.id == session)
    if await act.session.scalar(own) is None:
        raise NotFound
    if not await end_session(act.session, place, "ended-by-owner", act.now):
        raise NotFound
    draft = Draft("session.ended", subject=Subject("session", session), change={"reason": "ended-by-owner"})
    await act.record(draft, place.tenant)


async def end_other_sessions(act: Act) -> SessionsEnded:
    """End all of one's own sessions but this one."""
    principal = act.principal
    member = Place(principal.organization, principal.id)
    await lock_member(act.session, member)
    count = await end_sessions(act.session, member, "ended-by-owner", act.now, keep=principal.session)
    draft = Draft("session.others.ended", subject=Subject("member", member.id), change={"sessions": count})
    await act.record(draft, member.tenant)
    return SessionsEnded(sessions=count)


async def end_sessions_of(act: Act, member: UUID) -> SessionsEnded:
    """Sign a member out everywhere; they may sign in again.

    Raises:
        NotFound: there is no such colleague.
    """
    place = Place(act.principal.organization, member)
    locked = await lock_member(act.session, place)
    if locked is None or locked.kind != "person":
        raise NotFound
    await void_challenges(act.session, place, act.now)
    count = await end_sessions(act.session, place, "ended-by-administrator", act.now)
    draft = Draft("member.sessions.ended", subject=Subject("member", member), change={"sessions": count})
    await act.record(draft, place.tenant)
    return SessionsEnded(sessions=count)


def _open(act: Act) -> tuple[ColumnElement[bool], ...]:
    principal = act.principal
    return (
        Session.tenant_id == principal.organization,
        Session.member_id == principal.id,
        Session.ended_at.is_(None),
        Session.idle_expires_at > act.now,
        Session.expires_at > act.now,
    )


def _view(act: Act, keys: IdentityKeys, row: Session) -> SessionView:
    named = row.name_sealed
    return SessionView(
        id=row.id,
        name=None if named is None else keys.open_session(row.tenant_id, row.id, named),
        started_at=row.created_at,
        proved_at=row.auth_time,
        methods=list(row.amr),
        idle_until=row.idle_expires_at,
        expires_at=row.expires_at,
        current=row.id == act.principal.session,
        bound=row.proof_key is not None,
    )
