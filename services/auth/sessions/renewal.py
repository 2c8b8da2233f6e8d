"""Renewing and switching: refresh tokens that work once (RFC 9700), and tokens for another organization."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import update

from services.auth.acting import require_engagement
from services.auth.errors import RefreshRefused
from services.auth.lookups import Place, find_refresh_token
from services.auth.policies.ruling import keep_idle, rule
from services.auth.proofs.binding import require_same_key
from services.auth.resources import Resources
from services.auth.sessions import queries
from services.auth.sessions.schemas import Renewal
from services.auth.tokens import Bearer
from services.auth.visit import Visit
from services.auth.wire import AccessToken, TokenPair
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.problems import SessionEnded
from services.tables.sessions import RefreshToken, Session


async def refresh(visit: Visit, body: Renewal) -> TokenPair:
    """Trade a refresh token for the next one and an access token.

    Raises:
        RefreshRefused: unknown or over; or used before, which ends the session.
        SessionEnded: the session is over.
        ProofRefused: it is bound to a key, which was not proved (the token is then still good).
        NotFound: one may not act for that organization (the token is then still good).
        PolicyRefused: a policy is not met; the token is then still good, too.
    """
    place = await find_refresh_token(visit.resources.signin, body.refresh_token.get_secret_value())
    if place is None:
        raise RefreshRefused
    async with visit.act(place.tenant) as act:
        session = await queries.lock_session(act.session, place)
        async with visit.identified(session.tenant, Subject("session", session.id)):
            await require_same_key(act, session)
        token = await queries.read_token(act.session, place)
        if token.used_at is None:
            return await _rotate(visit, act, session, token, body.acting_for)
        await _end_family(act, session)
    reused = RefreshRefused()
    reused.recorded = True
    raise reused


async def _end_family(act: Act, session: Place) -> None:
    """Somebody has a token that was used already: thief or owner, both are signed out."""
    if not await queries.end_session(act.session, session, "token-reused", act.now):
        raise RefreshRefused
    draft = Draft(
        "token.reuse_detected", "denied", RefreshRefused.slug, Subject("session", session.id), status=401
    )
    await act.record(draft, session.tenant)


async def _rotate(
    visit: Visit, act: Act, place: Place, token: RefreshToken, wanted: UUID | None
) -> TokenPair:
    async with visit.identified(place.tenant, Subject("session", place.id)):
        live = await queries.find_live(act.session, place, act.now)
        if live is None:
            raise SessionEnded
    if not await queries.use_token(act.session, Place(token.tenant_id, token.id), act.now):
        raise RefreshRefused
    bearer = await queries.bearer_of(act.session, live)
    if not bearer.roles:
        raise SessionEnded
    firm = wanted or token.acting_for
    await _extend(act, visit.resources, place)
    async with visit.identified(place.tenant, Subject("session", place.id)):
        access = await access_for(act, visit.resources, bearer, firm)
    text = await queries.add_token(act.session, bearer, firm, act.now)
    act.admission = replace(act.admission, principal=bearer.principal(firm))
    if firm not in {token.acting_for, bearer.organization}:
        await _record_switch(act, bearer, firm, firm)
    draft = Draft("token.refreshed", subject=Subject("session", live.id), change={"acting_for": str(firm)})
    await act.record(draft, bearer.organization)
    return TokenPair(**access.model_dump(), refresh_token=text)


async def _extend(act: Act, resources: Resources, place: Place) -> None:
    idle_expires_at = act.now + timedelta(seconds=resources.settings.session_idle_seconds)
    await act.session.execute(
        update(Session)
        .where(Session.tenant_id == place.tenant, Session.id == place.id)
        .values(idle_expires_at=idle_expires_at)
    )


async def access_for(act: Act, resources: Resources, bearer: Bearer, firm: UUID) -> AccessToken:
    """An access token of `bearer` for `firm`; the act then sees both organizations.

    Raises:
        NotFound: it is neither one's own organization nor a firm that has engaged it.
        Forbidden: one's roles allow nothing there.
        PolicyRefused: a policy of one of them is not met.
    """
    if firm != bearer.organization:
        await act.see(bearer.organization, firm)
        await require_engagement(act.session, firm, bearer.organization, act.now)
    ruling = await rule(act, resources, bearer, firm)
    await keep_idle(act, ruling, resources)
    return resources.mint.make(ruling.bearer, firm, act.now)


async def switch(act: Act, resources: Resources, firm: UUID) -> AccessToken:
    """A token for another organization, in the same session.

    Raises:
        NotFound: one may not act for it, or there is none.
        Forbidden: one's roles allow nothing there.
    """
    bearer = await own_bearer(act)
    access = await access_for(act, resources, bearer, firm)
    if firm != bearer.organization:
        await _record_switch(act, bearer, firm, firm)
    await _record_switch(act, bearer, firm, bearer.organization)
    return access


async def own_bearer(act: Act) -> Bearer:
    """The act's principal, read from the tables anew.

    Raises:
        SessionEnded: the session, or the membership, is over.
    """
    principal = act.principal
    live = await queries.find_live(act.session, Place(principal.organization, principal.session), act.now)
    bearer = None if live is None else await queries.bearer_of(act.session, live)
    if bearer is None or not bearer.roles:
        raise SessionEnded
    return bearer


async def _record_switch(act: Act, bearer: Bearer, firm: UUID, tree: UUID) -> None:
    """Both organizations see it: whose person it is, and whose files they now ask for."""
    draft = Draft(
        "token.switched", subject=Subject("session", bearer.session), change={"acting_for": str(firm)}
    )
    await act.record(draft, tree)
