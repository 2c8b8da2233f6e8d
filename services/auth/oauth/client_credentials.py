"""The grant `client_credentials` (RFC 6749 section 4.4): a program gets a token for itself.

Each token has a session of its own, begun with a key, so that what ends a person's access ends a program's:
every request asks for the session, and every running transfer goes on asking. The session outlives its token
as a person's does, for transfers that take longer. There is no refresh token: a new one is as easily had.
"""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, insert, select

from services.auth.acting import require_engagement
from services.auth.clients.policy import grantable_scopes
from services.auth.oauth.client_authentication import LiveClient, authenticate, require_live
from services.auth.oauth.endpoints import TOKEN_PATH
from services.auth.oauth.errors import ClientEnded, InvalidScope
from services.auth.oauth.forms import Form
from services.auth.oauth.schemas import TokenAnswer
from services.auth.proofs.binding import key_to_bind
from services.auth.throttle import SWEPT_AT_ONCE
from services.auth.tokens import Bearer
from services.auth.visit import Visit
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.ids import new_id
from services.kernel.principal import PROGRAM_ACR
from services.kernel.problems import NotFound
from services.kernel.scopes import Role, Scope
from services.tables.clients import Client
from services.tables.sessions import Session

AMR = ("pop",)
"""It proved that it has a key (RFC 8176)."""

_KEPT = timedelta(days=1)  # how long sessions that are over stay


async def client_credentials(visit: Visit, form: Form) -> TokenAnswer:
    """A token for the program whose key signed the assertion.

    Raises:
        ClientRefused: it has shown no key, or may not come any more, or not from there.
        InvalidScope: it asked for a scope that it was not given.
        ProofRequired: its organization wants its sessions bound to a key.
        TooManyRequests: too many assertions were refused lately.
    """
    caller = await authenticate(visit, form, TOKEN_PATH)
    subject = Subject("client", caller.place.id)
    async with visit.identified(caller.place.tenant, subject), visit.act(caller.place.tenant) as act:
        live = await require_live(act, caller)
        bearer = _bearer(visit, act, live, _narrowed(live.client, form.get("scope")))
        key = await key_to_bind(act, bearer.organization, program=True)
        return await _issue(visit, act, live, replace(bearer, proof_key=key))


def _narrowed(client: Client, wanted: str | None) -> frozenset[Scope]:
    """The scopes asked for; all that the client was given, where it asks for none.

    Raises:
        InvalidScope: one of them it was not given, or no program can have any more.
    """
    acting = client.acting_for != client.tenant_id
    given = grantable_scopes(acting_for_another=acting) & set(client.scopes)
    asked = given if wanted is None else set(wanted.split(" "))
    if not asked or not given.issuperset(asked):
        raise InvalidScope
    return frozenset(Scope(name) for name in asked)


def _bearer(visit: Visit, act: Act, live: LiveClient, scopes: frozenset[Scope]) -> Bearer:
    client = live.client
    lifetime = timedelta(seconds=visit.resources.settings.session_absolute_seconds)
    return Bearer(
        member=client.id,
        organization=client.tenant_id,
        session=new_id(act.now),
        roles=frozenset({Role.CLIENT}),
        acr=PROGRAM_ACR,
        amr=AMR,
        auth_time=act.now,
        expires_at=min(act.now + lifetime, client.expires_at, live.key.expires_at),
        scopes=scopes,
        networks=tuple(client.networks),
        client_id=str(client.id),
    )


async def _issue(visit: Visit, act: Act, live: LiveClient, bearer: Bearer) -> TokenAnswer:
    tenant, firm = bearer.organization, live.client.acting_for
    if firm != tenant:
        await act.see(tenant, firm)
        await _require_engaged(act, firm, tenant)
    await _begin_session(act, live, bearer)
    access = visit.resources.mint.make(bearer, firm, act.now)
    act.admission = replace(act.admission, principal=bearer.principal(firm))
    change: dict[str, object] = {"kid": live.key.kid, "scope": access.scope, "acting_for": str(firm)}
    draft = Draft("token.issued", subject=Subject("session", bearer.session), change=change)
    if firm != tenant:
        await act.record(draft, firm)
    await act.record(draft, tenant)
    return TokenAnswer(**access.model_dump(exclude={"acting_for"}))


async def _require_engaged(act: Act, firm: UUID, provider: UUID) -> None:
    try:
        await require_engagement(act.session, firm, provider, act.now)
    except NotFound as over:
        raise ClientEnded from over


async def _begin_session(act: Act, live: LiveClient, bearer: Bearer) -> None:
    live.key.last_used_at = act.now
    await act.session.execute(
        insert(Session).values(
            tenant_id=bearer.organization,
            id=bearer.session,
            member_id=bearer.member,
            acr=bearer.acr,
            amr=list(bearer.amr),
            auth_time=bearer.auth_time,
            created_at=act.now,
            idle_expires_at=bearer.expires_at,
            expires_at=bearer.expires_at,
            client_kid=live.key.kid,
            proof_key=bearer.proof_key,
        )
    )
    over = (
        select(Session.id)
        .where(
            Session.tenant_id == bearer.organization,
            Session.member_id == bearer.member,
            Session.expires_at < act.now - _KEPT,
        )
        .limit(SWEPT_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    sessions = list(await act.session.scalars(over))
    if sessions:
        mine = Session.tenant_id == bearer.organization
        await act.session.execute(delete(Session).where(mine, Session.id.in_(sessions)))
