"""How a session begins: only here, and only after two factors were proved in the same transaction."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import insert

from services.auth.errors import SignInFailed
from services.auth.externals.terms import ends_at
from services.auth.factors import ACR, Proved
from services.auth.lookups import Place
from services.auth.policies.errors import PolicyRefused
from services.auth.policies.ruling import rule
from services.auth.proofs.binding import key_to_bind
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
        PolicyRefused: a policy of their organization is not met. Nothing was written.
        ProofRequired: their organization wants sessions bound to a key, and none was proved.
    """
    bearer = await begin_session(act, resources, member, factor)
    pair = await token_pair(act, resources, bearer)
    act.admission = replace(act.admission, principal=bearer.principal(member.tenant))
    await act.record(Draft("session.started", subject=Subject("session", bearer.session)), member.tenant)
    return pair


async def start_or_refuse(
    act: Act, resources: Resources, member: Place, factor: Proved
) -> TokenPair | PolicyRefused:
    """As `start_session`; a refusal by policy is recorded in the act, and returned to be raised after it.

    So the code that was shown stays used, though nobody is signed in by it.
    """
    try:
        return await start_session(act, resources, member, factor)
    except PolicyRefused as refusal:
        subject, status = Subject("member", member.id), refusal.status
        draft = Draft("session.started", "denied", refusal.slug, subject, status=status)
        await act.record(draft, member.tenant)
        refusal.recorded = True
        return refusal


async def begin_session(act: Act, resources: Resources, member: Place, by: Proved | Session) -> Bearer:
    """A session of `member`, which nobody holds a token of yet.

    Args:
        act: in which the member's two factors were proved.
        resources: the service's.
        member: whose it is.
        by: the factor that was proved; or the member's session elsewhere that approves this one, which has
            its proof and does not outlive it.

    Raises:
        SignInFailed, PolicyRefused, ProofRequired: as `start_session`.
    """
    settings, now = resources.settings, act.now
    roles = await roles_of(act.session, member)
    if not roles:
        raise SignInFailed
    until = await ends_at(act.session, member)
    if until is not None and until <= now:
        raise SignInFailed
    longest = now + timedelta(seconds=settings.session_absolute_seconds)
    approver = by if isinstance(by, Session) else None
    if approver is not None:
        longest = min(longest, approver.expires_at)
    bearer = Bearer(
        member=member.id,
        organization=member.tenant,
        session=new_id(now),
        roles=roles,
        acr=ACR if approver is None else approver.acr,
        amr=tuple(by.amr),
        auth_time=now if approver is None else approver.auth_time,
        expires_at=longest if until is None else min(longest, until),
        # A device that was approved elsewhere proves its own key when it collects.
        proof_key=None if approver is not None else await key_to_bind(act, member.tenant, program=False),
        began_at=now if approver is None else approver.created_at,
    )
    ruling = await rule(act, resources, bearer, member.tenant)
    factor = by.id if isinstance(by, Proved) else by.factor_id
    await _insert(act, ruling.bearer, factor, ruling.idle)
    return ruling.bearer


async def _insert(act: Act, bearer: Bearer, factor: UUID | None, idle: timedelta) -> None:
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
            proof_key=bearer.proof_key,
            factor_id=factor,
        )
    )


async def token_pair(act: Act, resources: Resources, bearer: Bearer) -> TokenPair:
    access = resources.mint.make(bearer, bearer.organization, act.now)
    refresh = await add_token(act.session, bearer, bearer.organization, act.now)
    return TokenPair(**access.model_dump(), refresh_token=refresh)
