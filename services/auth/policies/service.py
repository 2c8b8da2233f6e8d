"""An organization's policies: what they are, and replacing them."""

from services.auth.enrolment.queries import lock_organization, read_organization
from services.auth.factors import ENROLABLE
from services.auth.policies import queries
from services.auth.policies.errors import PolicyInvalid, PolicyLocksOut
from services.auth.policies.policy import Deployment, Policies, decide_policies, obstacle, policies_etag
from services.auth.policies.ruling import facts_of, longest
from services.auth.policies.schemas import Conditions, NewPolicy, PolicyView
from services.auth.resources import Resources
from services.auth.sessions.renewal import own_bearer
from services.evidence.act import Act, check_session
from services.evidence.event import Draft, Subject
from services.kernel.problems import NotFound, PreconditionFailed, PreconditionRequired
from services.kernel.scopes import OrganizationKind

_NONE = Conditions()


async def read_policy(act: Act, resources: Resources) -> PolicyView:
    """The policies of one's own organization."""
    tenant = act.principal.organization
    policies = await queries.read_policies(act.session, tenant)
    await act.record(Draft("organization.policy.read", subject=Subject("organization", tenant)), tenant)
    return _view(policies, resources)


async def set_policy(act: Act, resources: Resources, body: NewPolicy, etag: str | None) -> PolicyView:
    """Replace all policies. Lengths hold for open sessions at once, the rest from their next token on.

    Raises:
        PreconditionRequired, PreconditionFailed: the caller has not seen what is there now.
        PolicyInvalid: it asks for what an organization of this kind, or this deployment, does not have.
        PolicyLocksOut: it would refuse the caller's own session.
    """
    tenant = act.principal.organization
    await lock_organization(act.session, tenant)
    await check_session(act.session, act.principal, act.now)
    before = await queries.read_policies(act.session, tenant)
    if etag is None:
        raise PreconditionRequired
    if etag != policies_etag(before):
        raise PreconditionFailed
    wanted = {role: one for role, one in body.roles.items() if one != _NONE}
    await _require_possible(act, resources, wanted)
    await _require_way_back(act, resources, wanted)
    await queries.replace_policies(act.session, tenant, wanted, act.now)
    await queries.shorten_sessions(act.session, tenant, wanted, act.now)
    await act.record(_change(act, before, wanted), tenant)
    return _view(wanted, resources)


async def _require_possible(act: Act, resources: Resources, wanted: Policies) -> None:
    organization = await read_organization(act.session, act.principal.organization)
    if organization is None:
        raise NotFound
    deployment = Deployment(longest(resources.settings), resources.places is not None, ENROLABLE)
    decision = decide_policies(OrganizationKind(organization.kind), wanted, deployment)
    if not decision.allowed:
        raise PolicyInvalid(decision.reason)


async def _require_way_back(act: Act, resources: Resources, wanted: Policies) -> None:
    """Whoever sets it could sign in like this, so that somebody can always set it right."""
    bearer = await own_bearer(act)
    conditions = [one for role, one in wanted.items() if role in bearer.roles]
    missing = obstacle(conditions, facts_of(act, resources, bearer))
    if missing is not None:
        raise PolicyLocksOut(f"What is in the way is: {missing}.")


def _change(act: Act, before: Policies, after: Policies) -> Draft:
    """Which conditions there are now; what they say is committed to by the entity tags."""
    conditions = [
        f"{role}:{name}" for role, one in sorted(after.items()) for name in one.model_dump(exclude_none=True)
    ]
    return Draft(
        "organization.policy.changed",
        subject=Subject("organization", act.principal.organization),
        change={"from": policies_etag(before), "to": policies_etag(after), "conditions": conditions},
    )


def _view(policies: Policies, resources: Resources) -> PolicyView:
    return PolicyView(
        roles=dict(policies),
        longest=longest(resources.settings),
        countries_known=resources.places is not None,
        etag=policies_etag(policies),
    )
