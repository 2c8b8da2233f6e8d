"""How the OAuth endpoints refuse.

OAuthRefusal
├── InvalidRequest · UnsupportedGrantType · InvalidScope · InvalidGrant · ActingRefused 400
├── AuthorizationPending · SlowDown · AuthorizationDenied · DeviceCodeExpired 400
└── ClientRefused 401 ── AssertionReplayed · ClientEnded · ClientKeyEnded · ClientAddressRefused
"""

from typing import ClassVar

from services.kernel.http.oauth import OAuthRefusal


class InvalidRequest(OAuthRefusal):
    status = 400
    slug = "invalid-request"
    title = "A parameter is missing, or not of its form"
    code = "invalid_request"


class UnsupportedGrantType(OAuthRefusal):
    status = 400
    slug = "unsupported-grant-type"
    title = "No token is given for this grant_type"
    code = "unsupported_grant_type"


class InvalidScope(OAuthRefusal):
    status = 400
    slug = "invalid-scope"
    title = "A scope was asked for that the client was not given"
    code = "invalid_scope"


class InvalidGrant(OAuthRefusal):
    status = 400
    slug = "invalid-grant"
    title = "The device code or refresh token is unknown, was used, or is over"
    code = "invalid_grant"


class ActingRefused(OAuthRefusal):
    """Of RFC 8707, whose `invalid_target` says that no token is given for what was named."""

    status = 400
    slug = "acting-refused"
    title = "Whoever signed in may not act for this organization"
    code = "invalid_target"


class AuthorizationPending(OAuthRefusal):
    """From here to `DeviceCodeExpired`: RFC 8628 section 3.5."""

    status = 400
    slug = "authorization-pending"
    title = "Nobody has decided on the device yet; ask again after the interval"
    code = "authorization_pending"


class SlowDown(OAuthRefusal):
    status = 400
    slug = "slow-down"
    title = "Asked too soon; the interval is five seconds longer from now on"
    code = "slow_down"


class AuthorizationDenied(OAuthRefusal):
    status = 400
    slug = "authorization-denied"
    title = "Somebody has denied the device, or has signed it out"
    code = "access_denied"


class DeviceCodeExpired(OAuthRefusal):
    status = 400
    slug = "device-code-expired"
    title = "Nobody decided on the device in time; begin again"
    code = "expired_token"


class ClientRefused(OAuthRefusal):
    """Whoever it is has not shown a key of the client: one answer for all of it."""

    status = 401
    slug = "client-refused"
    title = "The client is unknown, or its assertion is not accepted"
    code = "invalid_client"
    challenge: ClassVar[str] = 'Bearer realm="redwell"'

    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": self.challenge}


class AssertionReplayed(ClientRefused):
    """From here on whoever it is has shown a key, and is told more."""

    slug = "assertion-replayed"
    title = "The assertion was used before; sign a new one for each request"


class ClientEnded(ClientRefused):
    slug = "client-ended"
    title = "The client was disabled, its term is over, or its organization is closed"


class ClientKeyEnded(ClientRefused):
    slug = "client-key-ended"
    title = "The key was revoked, or its term is over"


class ClientAddressRefused(ClientRefused):
    slug = "client-address-refused"
    title = "The client may not come from this address"
