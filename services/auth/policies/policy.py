"""Pure decisions: what the policies of somebody's roles demand, and whether a session meets it.

Whoever holds several roles, or acts for a firm that has a policy too, is bound by each of them: every
condition of every one must hold, and of lengths the shortest counts.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import reduce
from typing import Final
from zoneinfo import ZoneInfo

from services.auth.policies.schemas import DAYS, Conditions, Hours, Lengths
from services.auth.policy import ALLOWED, Decision
from services.kernel.networks import narrowed, within
from services.kernel.scopes import ACTING_SCOPES, ROLES_OF_KIND, OrganizationKind, Role

Policies = Mapping[Role, Conditions]

_MINUTES_OF_HOUR = 60
_FACTOR_OF_METHOD: Final = {"otp": "totp", "hwk": "passkey", "swk": "passkey"}
"""The kind of factor that an authentication method (RFC 8176) stands for."""


class Obstacle(StrEnum):
    """What stands in the way. The order is that in which one is told."""

    FACTOR = "factor"
    NETWORK = "network"
    COUNTRY = "country"
    HOURS = "hours"
    LENGTH = "length"


@dataclass(frozen=True, slots=True)
class Facts:
    """A session as it is now. `methods`: how it was signed in; `country`: None where it is not known."""

    methods: tuple[str, ...]
    address: str
    country: str | None
    began_at: datetime
    now: datetime


def obstacle(conditions: Iterable[Conditions], facts: Facts) -> Obstacle | None:
    """The first thing that is in the way of a session, of whichever policy; None if nothing is."""
    found = {each for one in conditions for each in _obstacles(one, facts)}
    return next((each for each in Obstacle if each in found), None)


def _obstacles(one: Conditions, facts: Facts) -> Iterable[Obstacle]:
    proved = {_FACTOR_OF_METHOD.get(method) for method in facts.methods}
    if one.factors is not None and proved.isdisjoint(one.factors):
        yield Obstacle.FACTOR
    if one.networks is not None and not within(facts.address, one.networks):
        yield Obstacle.NETWORK
    if one.countries is not None and facts.country not in one.countries:
        yield Obstacle.COUNTRY
    if one.hours is not None and not is_open(one.hours, facts.now):
        yield Obstacle.HOURS
    longest = one.absolute_seconds
    if longest is not None and facts.now - facts.began_at >= timedelta(seconds=longest):
        yield Obstacle.LENGTH


def is_open(hours: Hours, moment: datetime) -> bool:
    """Whether `moment` (aware) lies in these hours, by the clocks on the walls of their zone."""
    local = moment.astimezone(ZoneInfo(hours.zone))
    minute = local.hour * _MINUTES_OF_HOUR + local.minute
    opens, closes = _minute_of(hours.opens), _minute_of(hours.closes)
    today = DAYS[local.weekday()] in hours.days
    if opens < closes:
        return today and opens <= minute < closes
    # Over midnight: the morning belongs to the day before.
    yesterday = DAYS[local.weekday() - 1] in hours.days
    return (today and minute >= opens) or (yesterday and minute < closes)


def _minute_of(clock: str) -> int:
    hour, _, minute = clock.partition(":")
    return int(hour) * _MINUTES_OF_HOUR + int(minute)


def lengths(conditions: Iterable[Conditions], longest: Lengths) -> Lengths:
    """The shortest of the lengths that are set, and never longer than `longest`."""
    idle, absolute = [longest.idle_seconds], [longest.absolute_seconds]
    for one in conditions:
        idle += [] if one.idle_seconds is None else [one.idle_seconds]
        absolute += [] if one.absolute_seconds is None else [one.absolute_seconds]
    return Lengths(idle_seconds=min(idle), absolute_seconds=min(absolute))


def networks(conditions: Iterable[Conditions]) -> tuple[str, ...]:
    """The blocks that lie in the networks of every policy that names some; none if no policy does.

    For a session that meets them all, so that they have a block in common: a token without any is good
    anywhere.
    """
    named = [tuple(one.networks) for one in conditions if one.networks is not None]
    return reduce(narrowed, named) if named else ()


@dataclass(frozen=True, slots=True)
class Deployment:
    """What a policy must fit. `enrolable`: the kinds of factors that can be enrolled here."""

    longest: Lengths
    knows_countries: bool
    enrolable: frozenset[str]


def decide_policies(kind: OrganizationKind, wanted: Policies, deployment: Deployment) -> Decision:
    """May an organization of this kind have these policies?"""
    if not wanted.keys() <= roles_with_policies(kind):
        return Decision(False, f"A {kind} has no policy for such a role.")
    for one in wanted.values():
        if one.countries is not None and not deployment.knows_countries:
            return Decision(False, "Countries of addresses are not known here; name networks.")
        if one.factors is not None and deployment.enrolable.isdisjoint(one.factors):
            return Decision(False, "None of these factors can be enrolled here.")
        if _exceeds(one, deployment.longest):
            return Decision(False, "A session can be shorter than everybody's, and not longer.")
    return ALLOWED


def _exceeds(one: Conditions, longest: Lengths) -> bool:
    idle, absolute = one.idle_seconds or 0, one.absolute_seconds or 0
    return idle > longest.idle_seconds or absolute > longest.absolute_seconds


def roles_with_policies(kind: OrganizationKind) -> frozenset[Role]:
    """An organization's own roles, and of a firm those in which a provider's people act for it."""
    acting = ACTING_SCOPES.keys() - {Role.CLIENT} if kind == OrganizationKind.FIRM else frozenset()
    return ROLES_OF_KIND[kind] | acting


def policies_etag(policies: Policies) -> str:
    """The entity tag (RFC 9110) of an organization's policies: equal for equal ones."""
    told = {role: one.model_dump(exclude_none=True) for role, one in policies.items()}
    return f'"{hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:32]}"'
