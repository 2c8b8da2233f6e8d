"""Refusals that only the gateway makes."""

from services.kernel.http.dpop import CHALLENGE
from services.kernel.http.tus import VERSION
from services.kernel.problems import BadRequest, NotFound, RedwellError, Unauthorized


class BadTarget(BadRequest):
    """A path or query in a spelling that two programs could read differently."""

    slug = "bad-target"
    title = "The path or query is not spelled in the one way that is served here"


class ReservedHeader(BadRequest):
    """A header that only Redwell's own parts may set, or one that would change what the request is."""

    slug = "reserved-header"
    title = "The request has a header that clients may not send"


class RepeatedHeader(BadRequest):
    slug = "repeated-header"
    title = "The request has a header more than once that may be there once"


class MisdirectedRequest(RedwellError):
    """RFC 9110 section 15.5.20."""

    status = 421
    slug = "misdirected-request"
    title = "This host is not served here"


class TokenMissing(Unauthorized):
    """RFC 6750 section 3: nothing was wrong with a token, there was none."""

    slug = "token-missing"
    title = "An access token is needed"
    challenge = "Bearer"


class TokenBound(Unauthorized):
    """RFC 9449 section 7.1: whoever has such a token alone has nothing."""

    slug = "token-bound"
    title = "The access token is bound to a key; send it as DPoP, with a proof"
    challenge = CHALLENGE.format("invalid_token")


class TokenUnbound(Unauthorized):
    """A proof says nothing of a token that names no key."""

    slug = "token-unbound"
    title = "The access token is bound to no key; send it as Bearer"
    challenge = CHALLENGE.format("invalid_token")


class FactorMissing(Unauthorized):
    """The token was not made with two factors."""

    slug = "mfa-required"
    title = "Two factors are needed for this operation"
    challenge = 'Bearer error="insufficient_user_authentication", acr_values="aal2"'


class NetworkRefused(Unauthorized):
    """A program's token, from an address that the program may not come from."""

    slug = "network-refused"
    title = "The token is not good from this address"


class CapabilityUnknown(NotFound):
    """The secret in the path opens nothing, or no longer: outside, the same as what is not there."""


class TusVersionUnsupported(RedwellError):
    status = 412
    slug = "tus-version"
    title = "This version of the tus protocol is not served; Tus-Version says which is"

    def headers(self) -> dict[str, str]:
        return {"Tus-Version": VERSION}
