"""Proving a factor again (RFC 9470), and signing out."""

from sqlalchemy import update

from services.auth.factors import Proof, prove_code
from services.auth.locks import lock_member
from services.auth.lookups import Place
from services.auth.policies.ruling import rule
from services.auth.sessions.queries import end_session
from services.auth.sessions.renewal import access_for, own_bearer
from services.auth.sessions.schemas import StepUp
from services.auth.throttle import STEP_UPS, Attempt, count_attempt, give_back
from services.auth.visit import Visit
from services.auth.wire import AccessToken
from services.evidence.act import Act, check_session
from services.evidence.event import Draft, Subject
from services.kernel.principal import Principal
from services.kernel.problems import SessionEnded, Unauthorized
from services.tables.sessions import Session


async def step_up(visit: Visit, body: StepUp) -> AccessToken:
    """A token that says the second factor was proved just now, for whom one acts for already.

    Raises:
        TooManyRequests: too many codes were wrong lately.
        CodeRefused: the code is wrong or was used.
        NotFound: one may not act for that organization any more.
        PolicyRefused: a policy is not met; no code is used up for that.
    """
    principal = visit.admission.principal
    if principal is None:
        raise Unauthorized
    attempt = await _count(visit, principal)
    member = Place(principal.organization, principal.id)
    async with visit.act(principal.organization) as act:
        await lock_member(act.session, member)
        await act.see(principal.organization, principal.firm)
        await rule(act, visit.resources, await own_bearer(act), principal.firm)
        proof = Proof(member, body.code.get_secret_value())
        await prove_code(act.session, visit.resources.keys, proof, act.now)
        await give_back(act.session, attempt)
        await renew_auth_time(act)
        access = await access_for(act, visit.resources, await own_bearer(act), principal.firm)
        subject = Subject("session", principal.session)
        await act.record(Draft("session.stepped_up", subject=subject), principal.organization)
    return access


async def _count(visit: Visit, principal: Principal) -> Attempt:
    """Count the attempt in a transaction of its own, so that it stays counted when the code is refused."""
    who = (principal.id.bytes, visit.address)
    attempt = Attempt.of(visit.resources.keys, STEP_UPS, principal.organization, who)
    async with visit.transaction(principal.organization) as session:
        now = visit.now()
        await check_session(session, principal, now)
        await count_attempt(session, attempt, now)
    return attempt


async def renew_auth_time(act: Act) -> None:
    """The principal proved a factor just now."""
    principal = act.principal
    await act.session.execute(
        update(Session)
        .where(Session.tenant_id == principal.organization, Session.id == principal.session)
        .values(auth_time=act.now)
    )


async def sign_out(act: Act) -> None:
    """End the session: its refresh token is dead, and so is every access token made in it.

    Raises:
        SessionEnded: somebody was first.
    """
    principal = act.principal
    place = Place(principal.organization, principal.session)
    if not await end_session(act.session, place, "signed-out", act.now):
        raise SessionEnded
    draft = Draft("session.ended", subject=Subject("session", place.id), change={"reason": "signed-out"})
    await act.record(draft, principal.organization)
