"""Policies where tokens are made: at sign-in, renewal, switching and step-up, each time anew."""

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from services.auth.policies.errors import REFUSALS, PolicyRefused
from services.auth.policies.policy import Facts, lengths, networks, obstacle
from services.auth.policies.queries import conditions_for, shorten_idle
from services.auth.policies.schemas import Lengths
from services.auth.resources import Resources
from services.auth.tokens import Bearer
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.settings import Settings


@dataclass(frozen=True, slots=True)
class Ruling:
    """A bearer as far as the policies let them: until when, and from where. `idle`: how long unused."""

    bearer: Bearer
    idle: timedelta


def longest(settings: Settings) -> Lengths:
    """The lengths that hold for everybody."""
    return Lengths(
        idle_seconds=settings.session_idle_seconds, absolute_seconds=settings.session_absolute_seconds
    )


async def rule(act: Act, resources: Resources, bearer: Bearer, firm: UUID) -> Ruling:
    """What the policies of one's organization, and of the firm one is to act for, let `bearer` do.

    The act must see both. A refusal by the firm's policy is in the firm's log too.

    Raises:
        PolicyRefused: one of them is not met.
    """
    facts = facts_of(act, resources, bearer)
    found = await conditions_for(act.session, {bearer.organization, firm}, bearer.roles)
    for tenant, conditions in sorted(found.items(), key=lambda item: item[0] != bearer.organization):
        missing = obstacle(conditions, facts)
        if missing is not None:
            refusal = REFUSALS[missing]()
            if tenant != bearer.organization:
                await _tell(act, bearer, tenant, refusal)
            raise refusal
    everything = [one for conditions in found.values() for one in conditions]
    allowed = lengths(everything, longest(resources.settings))
    end = facts.began_at + timedelta(seconds=allowed.absolute_seconds)
    bounded = replace(bearer, networks=networks(everything), expires_at=min(bearer.expires_at, end))
    return Ruling(bounded, timedelta(seconds=allowed.idle_seconds))


def facts_of(act: Act, resources: Resources, bearer: Bearer) -> Facts:
    """The session of `bearer`, as this request comes from it."""
    address = act.admission.address
    return Facts(
        methods=bearer.amr,
        address=address,
        country=None if resources.places is None else resources.places.country_of(address),
        began_at=bearer.began_at or act.now,
        now=act.now,
    )


async def keep_idle(act: Act, ruling: Ruling, resources: Resources) -> None:
    """Where a policy allows less than everybody's time without use, the session has no more from now on."""
    if ruling.idle < timedelta(seconds=resources.settings.session_idle_seconds):
        bearer, until = ruling.bearer, act.now + ruling.idle
        await shorten_idle(act.session, bearer.organization, bearer.session, until)


async def _tell(act: Act, bearer: Bearer, firm: UUID, refusal: PolicyRefused) -> None:
    draft = Draft(
        "token.switched",
        "denied",
        refusal.slug,
        Subject("session", bearer.session),
        status=refusal.status,
    )
    await act.recorder.append_alone(firm, draft, act.admission)
