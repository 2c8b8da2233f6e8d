"""The grant `device_code` (RFC 8628 section 3.4): a device asks until somebody decides, and collects once."""

from dataclasses import replace
from uuid import UUID

from services.auth.codes import digest_of
from services.auth.devices import queries
from services.auth.devices.polling import answer_poll
from services.auth.locks import lock_member
from services.auth.lookups import Place
from services.auth.oauth.errors import AuthorizationDenied, InvalidGrant, InvalidRequest
from services.auth.oauth.forms import Form
from services.auth.oauth.public_client import require_public_client
from services.auth.oauth.schemas import TokenAnswer
from services.auth.policies.errors import PolicyRefused
from services.auth.policies.ruling import rule
from services.auth.proofs.binding import key_to_bind
from services.auth.sessions.queries import bearer_of, find_live
from services.auth.sessions.starting import token_pair
from services.auth.visit import Visit
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.ids import PLATFORM


async def device_code(visit: Visit, form: Form) -> TokenAnswer:
    """The tokens of the session that somebody has approved.

    Raises:
        ClientRefused: the client is not the one that people use.
        InvalidRequest: there is no code.
        InvalidGrant: there is no such code, or it was used.
        AuthorizationPending, SlowDown: nobody has decided yet; the second makes the interval longer.
        AuthorizationDenied: somebody has denied it, or has ended the session since; or a policy is not met.
        DeviceCodeExpired: nobody decided in time.
        ProofRequired: the organization wants sessions bound to a key; the code is then still good.
    """
    require_public_client(form)
    code = form.get("device_code")
    if code is None:
        raise InvalidRequest
    request, session = await _poll(visit, code)
    async with (
        visit.identified(session.tenant, Subject("device", request)),
        visit.act(session.tenant, PLATFORM) as act,
    ):
        return await _collect(visit, act, request, session)


async def _poll(visit: Visit, code: str) -> tuple[UUID, Place]:
    """Count the poll for good; the request and the session that is to be collected."""
    async with visit.transaction(PLATFORM) as session:
        row = await queries.lock_of_device(session, digest_of(code))
        if row is None:
            raise InvalidGrant
        refusal = answer_poll(row, visit.now())
        device, organization, begun = row.id, row.organization_id, row.session_id
    if refusal is not None:
        raise refusal
    assert organization is not None, "the table has it with every approval"
    assert begun is not None, "the table has it with every approval"
    return device, Place(organization, begun)


async def _collect(visit: Visit, act: Act, request: UUID, place: Place) -> TokenAnswer:
    live = await find_live(act.session, place, act.now)
    if live is None:
        raise AuthorizationDenied
    await lock_member(act.session, Place(live.tenant_id, live.member_id))
    key = await key_to_bind(act, live.tenant_id, program=False)
    await act.session.refresh(live)
    if live.ended_at is not None:
        raise AuthorizationDenied
    live.proof_key = key
    bearer = await bearer_of(act.session, live)
    if not bearer.roles:
        raise AuthorizationDenied
    try:
        bearer = (await rule(act, visit.resources, bearer, bearer.organization)).bearer
    except PolicyRefused as refused:
        denied = AuthorizationDenied()
        denied.reason = refused.slug
        raise denied from refused
    if not await queries.collect(act.session, request, act.now):
        raise InvalidGrant
    pair = await token_pair(act, visit.resources, bearer)
    act.admission = replace(act.admission, principal=bearer.principal(bearer.organization))
    change: dict[str, object] = {"device": str(request), "scope": pair.scope}
    await act.record(
        Draft("token.issued", subject=Subject("session", bearer.session), change=change), bearer.organization
    )
    return TokenAnswer.of(pair)
