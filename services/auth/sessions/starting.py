"""How a session begins: only here, and only after two factors were proved in the same transaction."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import insert

from services.auth.errors import SignInFailed
from services.auth.externals.terms import ends_at
from services.auth.factors import ACR, Proved
from services.auth.lookups import Place
from services.auth.resources import Resources
from services.auth.sessions.queries import add_token, roles_of
from services.auth.tokens import Bearer
from services.auth.wire import TokenPair
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.ids import new_id
from services.tables.sessions import Session


async def start_session(act: Act, resources: Resources, member: Place, factor: Proved) -> TokenPair:
    """Sign `member` in, who proved `factor`, for their own organization. From here on the act is theirs.

    Raises:
        SignInFailed: the member is no longer active, or is external and their time is over.
    """
    settings, now = resources.settings, act.now
    roles = await roles_of(act.session, member)
    if not roles:
        raise SignInFailed
    until = await ends_at(act.session, member)
    if until is not None and until <= now:
        raise SignInFailed
    longest = now + timedelta(seconds=settings.session_absolute_seconds)
    bearer = Bearer(
        member=member.id,
        organization=member.tenant,
        session=new_id(now),
        roles=roles,
        acr=ACR,
        amr=factor.amr,
        auth_time=now,
        expires_at=longest if until is None else min(longest, until),
    )
    await _insert(act, bearer, factor, timedelta(seconds=settings.session_idle_seconds))
    pair = await token_pair(act, resources, bearer)
    act.admission = replace(act.admission, principal=bearer.principal(member.tenant))
    await act.record(Draft("session.started", subject=Subject("session", bearer.session)), member.tenant)
    return pair


async def _insert(act: Act, bearer: Bearer, factor: Proved, idle: timedelta) -> None:
    await act.session.execute(
        insert(Session).values(
            tenant_id=bearer.organization,
            id=bearer.session,
            member_id=bearer.member,
            acr=bearer.acr,
            amr=list(bearer.amr),
            auth_time=bearer.auth_time,
            created_at=act.now,
            idle_expires_at=act.now + idle,
            expires_at=bearer.expires_at,
            factor_id=factor.id,
        )
    )


async def token_pair(act: Act, resources: Resources, bearer: Bearer) -> TokenPair:
    access = resources.mint.make(bearer, bearer.organization, act.now)
    refresh = await add_token(act.session, bearer, bearer.organization, act.now)
    return TokenPair(**access.model_dump(), refresh_token=refresh)
