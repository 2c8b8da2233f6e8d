"""How policies refuse.

Forbidden 403 ── PolicyRefused ── FactorNotAllowed · NetworkNotAllowed · CountryOfAddressNotAllowed
                                · HoursNotAllowed · SessionTooLong (401)
Conflict 409 ── PolicyLocksOut
InvalidInput 422 ── PolicyInvalid
"""

from typing import Final

from services.auth.policies.policy import Obstacle
from services.kernel.problems import Conflict, Forbidden, InvalidInput, Unauthorized


class PolicyRefused(Forbidden):
    """Both factors were right; a policy of one's organization, or of the firm, is in the way all the same."""


class FactorNotAllowed(PolicyRefused):
    slug = "policy-factor"
    title = "For your role, a policy asks for another kind of factor"


class NetworkNotAllowed(PolicyRefused):
    slug = "policy-network"
    title = "For your role, a policy does not allow this network"


class CountryOfAddressNotAllowed(PolicyRefused):
    slug = "policy-country"
    title = "For your role, a policy does not allow the country of this address"


class HoursNotAllowed(PolicyRefused):
    slug = "policy-hours"
    title = "For your role, a policy does not allow this time of day"


class SessionTooLong(PolicyRefused):
    """Signing in again is what helps, so it is said as of every session that is over."""

    status = 401
    slug = "policy-session-length"
    title = "For your role, a policy allows no session as old as this one; sign in again"

    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": Unauthorized.challenge}


REFUSALS: Final = {
    Obstacle.FACTOR: FactorNotAllowed,
    Obstacle.NETWORK: NetworkNotAllowed,
    Obstacle.COUNTRY: CountryOfAddressNotAllowed,
    Obstacle.HOURS: HoursNotAllowed,
    Obstacle.LENGTH: SessionTooLong,
}


class PolicyLocksOut(Conflict):
    slug = "policy-locks-you-out"
    title = "The policy would refuse your own present session"


class PolicyInvalid(InvalidInput):
    slug = "policy-invalid"
    title = "The policy cannot be kept here"
