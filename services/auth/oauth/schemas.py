"""Wire types of the OAuth endpoints."""

from typing import Literal

from services.auth.wire import Wire


class TokenAnswer(Wire):
    """RFC 6749 section 5.1."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 -- a token's type
    expires_in: int
    scope: str


class PublicKey(Wire):
    """A public key that access tokens are signed with (RFC 7517, RFC 7518)."""

    kty: str
    crv: str
    x: str
    y: str
    kid: str
    alg: str
    use: str


class KeySet(Wire):
    keys: list[PublicKey]


class ServerMetadata(Wire):
    """RFC 8414. There is no authorization endpoint, so there are no response types."""

    issuer: str
    token_endpoint: str
    jwks_uri: str
    grant_types_supported: list[str]
    response_types_supported: list[str]
    scopes_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    token_endpoint_auth_signing_alg_values_supported: list[str]
