"""Wire types of policies; the conditions of one role lie in the tables in the same form."""

from functools import cache
from typing import Annotated, Final, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field

from services.auth.wire import Wire
from services.kernel.countries import known_country
from services.kernel.networks import network
from services.kernel.scopes import Role

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SHORTEST_SECONDS = 900
"""An access token lives ten minutes: a shorter limit would end sessions that are in use."""

_LONGEST_SECONDS = 366 * 24 * 3600


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _known_zone(name: str) -> str:
    if name not in _zones():
        raise ValueError("not a zone of the time zone database")
    return name


def _in_order(values: list[str]) -> list[str]:
    return sorted(set(values))


def _in_order_of_days(days: list[str]) -> list[str]:
    return sorted(set(days), key=DAYS.index)


Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Factor = Literal["totp", "passkey"]
Opens = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Closes = Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]
Network = Annotated[str, Field(max_length=64), AfterValidator(network)]
Country = Annotated[str, Field(max_length=2), AfterValidator(known_country)]
Seconds = Annotated[int, Field(ge=SHORTEST_SECONDS, le=_LONGEST_SECONDS)]


class Hours(Wire):
    """From `opens` up to `closes` by the clocks of `zone` (IANA), on `days`.

    Where it does not close later than it opens, it closes on the day after.
    """

    days: Annotated[list[Day], Field(min_length=1, max_length=7), AfterValidator(_in_order_of_days)]
    opens: Opens
    closes: Closes
    zone: Annotated[str, Field(max_length=64), AfterValidator(_known_zone)]


class Conditions(Wire):
    """What is demanded of a role. Null, or not said: whatever the deployment allows."""

    factors: Annotated[list[Factor], Field(min_length=1, max_length=2), AfterValidator(_in_order)] | None = (
        None
    )
    """Kinds of second factors, of which one must have been proved."""
    idle_seconds: Seconds | None = None
    absolute_seconds: Seconds | None = None
    networks: (
        Annotated[list[Network], Field(min_length=1, max_length=16), AfterValidator(_in_order)] | None
    ) = None
    """CIDR blocks, in one of which every request comes from."""
    countries: (
        Annotated[list[Country], Field(min_length=1, max_length=250), AfterValidator(_in_order)] | None
    ) = None
    """Assigned alpha-2 codes of ISO 3166-1, as the operator's file says of the address."""
    hours: Hours | None = None


RolePolicies = dict[Annotated[Role, Field(strict=False)], Conditions]


class NewPolicy(Wire):
    """All policies from now on, by role; a role that is not named has none."""

    roles: Annotated[RolePolicies, Field(max_length=8)]


class Lengths(Wire):
    """How long a session lasts unused, and at all."""

    idle_seconds: int
    absolute_seconds: int


class PolicyView(Wire):
    """`longest`: the lengths that hold where no policy says less."""

    roles: RolePolicies
    longest: Lengths
    countries_known: bool
    etag: str
    """What `If-Match` must say to replace the policies."""
