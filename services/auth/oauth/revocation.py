"""Revocation (RFC 7009): giving a token up ends its session, and with it every token made there.

The answer is the same whatever the token was. A program's token is taken from that program alone, which shows
a key; a person's, from whoever has it, since what people sign in with has no secret to show.
"""

from services.auth.lookups import Place, find_refresh_token
from services.auth.oauth.client_authentication import (
    Caller,
    authenticate,
    presents_assertion,
    require_live,
)
from services.auth.oauth.endpoints import REVOCATION_PATH
from services.auth.oauth.errors import ClientRefused, InvalidRequest
from services.auth.oauth.forms import Form
from services.auth.oauth.presented_tokens import AccessClaims, read_access_token
from services.auth.sessions.queries import end_session, lock_session
from services.auth.throttle import REVOCATIONS, Attempt, count_attempt, give_back
from services.auth.tokens import CLIENT_ID
from services.auth.visit import Visit
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.ids import PLATFORM

REASON = "token-revoked"
NOTHING = "nothing-to-revoke"


async def revoke(visit: Visit, form: Form) -> None:
    """End the session of the token, if there is such a token and session.

    Raises:
        InvalidRequest: there is no token.
        TooManyRequests: from there, too much was given up that was none.
        ClientRefused: it is a program's, and nobody has shown a key; or a key was shown that is not good.
    """
    caller = await authenticate(visit, form, REVOCATION_PATH) if presents_assertion(form) else None
    text = form.get("token")
    if text is None:
        raise InvalidRequest
    shown = await read_access_token(visit, text)
    if caller is not None:
        await _revoke_own(visit, caller, shown)
    elif shown is not None and shown.text("client_id") != CLIENT_ID:
        raise ClientRefused
    else:
        await _revoke_of_anybody(visit, text, shown)


async def _revoke_of_anybody(visit: Visit, text: str, shown: AccessClaims | None) -> None:
    """Nobody has to say who they are; so whoever ends nothing again and again waits, as whoever guesses."""
    attempt = Attempt.of(visit.resources.keys, REVOCATIONS, PLATFORM, (b"", visit.address))
    async with visit.transaction(PLATFORM) as session:
        await count_attempt(session, attempt, visit.now())
    if shown is None:
        ended = await _revoke_refresh_token(visit, text)
    else:
        async with visit.act(shown.session.tenant) as act:
            ended = await _end(act, shown.session)
    if ended:
        async with visit.transaction(PLATFORM) as session:
            await give_back(session, attempt)


async def _revoke_own(visit: Visit, caller: Caller, shown: AccessClaims | None) -> None:
    tenant, subject = caller.place.tenant, Subject("client", caller.place.id)
    async with visit.identified(tenant, subject), visit.act(tenant) as act:
        await require_live(act, caller)
        if shown is not None and (shown.session.tenant, shown.member) == (tenant, caller.place.id):
            await _end(act, shown.session)
        else:
            await act.record(Draft("token.revoked", "info", NOTHING, subject), tenant)


async def _revoke_refresh_token(visit: Visit, text: str) -> bool:
    place = await find_refresh_token(visit.resources.signin, text)
    if place is None:
        return False
    async with visit.act(place.tenant) as act:
        return await _end(act, await lock_session(act.session, place))


async def _end(act: Act, session: Place) -> bool:
    """Whether the session was still alive."""
    ended = await end_session(act.session, session, REASON, act.now)
    subject = Subject("session", session.id)
    draft = (
        Draft("token.revoked", subject=subject, change={"reason": REASON})
        if ended
        else Draft("token.revoked", "info", NOTHING, subject)
    )
    await act.record(draft, session.tenant)
    return ended
