"""Wire types of the OAuth endpoints."""

from typing import Literal, Self
from uuid import UUID

from services.auth.wire import TokenPair, Wire


class TokenAnswer(Wire):
    """RFC 6749 section 5.1."""

    access_token: str
    token_type: Literal["Bearer", "DPoP"] = "Bearer"  # noqa: S105 -- a token's type
    expires_in: int
    scope: str
    refresh_token: str | None = None
    acting_for: UUID | None = None
    """As in `/v1`, where a person's token was asked for."""

    @classmethod
    def of(cls, pair: TokenPair) -> Self:
        return cls.model_validate(pair.model_dump())


class Confirmation(Wire):
    """RFC 9449 section 6: the thumbprint of the key that the token is bound to."""

    jkt: str


class Introspection(Wire):
    """RFC 7662 section 2.2. Of a token that is not alive for who asks, nothing but that is said."""

    active: bool
    scope: str | None = None
    client_id: str | None = None
    token_type: str | None = None
    exp: int | None = None
    iat: int | None = None
    nbf: int | None = None
    sub: str | None = None
    aud: str | None = None
    iss: str | None = None
    jti: str | None = None
    cnf: Confirmation | None = None


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
    device_authorization_endpoint: str
    jwks_uri: str
    introspection_endpoint: str
    introspection_endpoint_auth_methods_supported: list[str]
    introspection_endpoint_auth_signing_alg_values_supported: list[str]
    revocation_endpoint: str
    revocation_endpoint_auth_methods_supported: list[str]
    revocation_endpoint_auth_signing_alg_values_supported: list[str]
    grant_types_supported: list[str]
    response_types_supported: list[str]
    scopes_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    token_endpoint_auth_signing_alg_values_supported: list[str]
    dpop_signing_alg_values_supported: list[str]
