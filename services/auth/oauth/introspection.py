"""Introspection (RFC 7662): a program asks whether a token of its organization is alive."""

from services.auth.oauth.client_authentication import authenticate, require_live
from services.auth.oauth.endpoints import INTROSPECTION_PATH
from services.auth.oauth.errors import InvalidRequest
from services.auth.oauth.forms import Form
from services.auth.oauth.presented_tokens import AccessClaims, read_access_token
from services.auth.oauth.schemas import Confirmation, Introspection
from services.auth.sessions.queries import find_live
from services.auth.visit import Visit
from services.evidence.event import Draft, Subject

DEAD = Introspection(active=False)


async def introspect(visit: Visit, form: Form) -> Introspection:
    """What the token is good for, if it is alive and wholly of the asking program's organization.

    Raises:
        ClientRefused: who asks has shown no key, or may not come any more, or not from there.
        InvalidRequest: there is no token.
        TooManyRequests: too many assertions were refused lately.
    """
    caller = await authenticate(visit, form, INTROSPECTION_PATH)
    tenant = caller.place.tenant
    subject = Subject("client", caller.place.id)
    async with visit.identified(tenant, subject), visit.act(tenant) as act:
        live = await require_live(act, caller)
        live.key.last_used_at = act.now
        if "token" not in form:
            raise InvalidRequest
        shown = await read_access_token(visit, form["token"])
        ours = shown is not None and shown.session.tenant == shown.firm == tenant
        alive = shown if ours and shown and await find_live(act.session, shown.session, act.now) else None
        change: dict[str, object] = {"active": alive is not None}
        if alive is not None:
            change["session"] = str(alive.session.id)
        await act.record(Draft("token.introspected", subject=subject, change=change), tenant)
    return DEAD if alive is None else _told(alive)


def _told(alive: AccessClaims) -> Introspection:
    key = alive.proof_key
    return Introspection(
        active=True,
        scope=alive.text("scope"),
        client_id=alive.text("client_id"),
        token_type="Bearer" if key is None else "DPoP",
        exp=alive.number("exp"),
        iat=alive.number("iat"),
        nbf=alive.number("nbf"),
        sub=alive.text("sub"),
        aud=alive.text("aud"),
        iss=alive.text("iss"),
        jti=alive.text("jti"),
        cnf=None if key is None else Confirmation(jkt=key),
    )
