"""How the OAuth endpoints refuse.

OAuthRefusal
├── InvalidRequest · UnsupportedGrantType · InvalidScope 400
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
