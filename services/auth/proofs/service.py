"""An organization says whose sessions must be bound to a key; those that are not end with that, at once."""

from services.auth.lookups import Place
from services.auth.proofs import queries
from services.auth.proofs.errors import OwnSessionUnbound
from services.auth.proofs.schemas import ProofPolicySet, ProofPolicyView, Whom
from services.auth.sessions.queries import find_live
from services.evidence.act import Act, check_session
from services.evidence.event import Draft, Subject
from services.kernel.problems import PreconditionFailed, PreconditionRequired
from services.tables.sessions import ProofPolicy


async def read(act: Act) -> ProofPolicyView:
    """What the principal's organization demands."""
    tenant = act.principal.organization
    view = _view(await queries.read_policy(act.session, tenant))
    await act.record(Draft("organization.proofs.read", subject=Subject("organization", tenant)), tenant)
    return view


async def demand(act: Act, required_of: Whom, if_match: str | None) -> ProofPolicySet:
    """Demand it of them from now on. No session that is bound to no key begins meanwhile, or is left.

    Raises:
        PreconditionRequired, PreconditionFailed: the caller has not seen what is there now.
        OwnSessionUnbound: the caller would end their own session.
        SessionEnded: somebody ended it, while this act was waiting.
    """
    tenant = act.principal.organization
    if if_match is None:
        raise PreconditionRequired
    await queries.lock_policy(act.session, tenant, exclusive=True)
    await check_session(act.session, act.principal, act.now)
    policy = await queries.read_policy(act.session, tenant)
    if if_match != _view(policy).etag:
        raise PreconditionFailed
    if required_of == "everyone":
        own = await find_live(act.session, Place(tenant, act.principal.session), act.now)
        if own is None or own.proof_key is None:
            raise OwnSessionUnbound
    policy = _changed(act, policy, required_of)
    ended = 0
    if required_of != "nobody":
        programs_alone = required_of == "programs"
        ended = await queries.end_unbound(act.session, tenant, act.now, programs_alone=programs_alone)
    change: dict[str, object] = {"required_of": required_of, "sessions_ended": ended}
    draft = Draft("organization.proofs.required", subject=Subject("organization", tenant), change=change)
    await act.record(draft, tenant)
    return ProofPolicySet(**_view(policy).model_dump(), sessions_ended=ended)


def _changed(act: Act, policy: ProofPolicy | None, required_of: Whom) -> ProofPolicy:
    if policy is None:
        policy = ProofPolicy(tenant_id=act.principal.organization, revision=0)
        act.session.add(policy)
    policy.required_of = required_of
    policy.revision += 1
    policy.changed_at, policy.changed_by = act.now, act.principal.id
    return policy


def _view(policy: ProofPolicy | None) -> ProofPolicyView:
    if policy is None:
        return ProofPolicyView(required_of="nobody", etag='"0"')
    whom: dict[str, Whom] = {"programs": "programs", "everyone": "everyone"}
    return ProofPolicyView(required_of=whom.get(policy.required_of, "nobody"), etag=f'"{policy.revision}"')
