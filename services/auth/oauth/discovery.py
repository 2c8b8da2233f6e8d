"""What anybody may know of this server: its metadata (RFC 8414) and the keys it signs tokens with (RFC 7517).

Both are public and the same for everyone, so reading them leaves no evidence.
"""

from sqlalchemy import or_, select

from services.auth.clients.policy import grantable_scopes
from services.auth.oauth.endpoints import (
    DEVICE_AUTHORIZATION_PATH,
    INTROSPECTION_PATH,
    KEYS_PATH,
    REVOCATION_PATH,
    TOKEN_PATH,
)
from services.auth.oauth.grants import GRANTS
from services.auth.oauth.schemas import KeySet, PublicKey, ServerMetadata
from services.auth.visit import Visit
from services.kernel.ids import PLATFORM
from services.keys.signing import ALGORITHM
from services.tables.sessions import SigningKey

AUTH_METHODS = ("private_key_jwt",)


def metadata(public_url: str) -> ServerMetadata:
    """The metadata of the server whose issuer is `public_url`."""
    return ServerMetadata(
        issuer=public_url,
        token_endpoint=public_url + TOKEN_PATH,
        device_authorization_endpoint=public_url + DEVICE_AUTHORIZATION_PATH,
        jwks_uri=public_url + KEYS_PATH,
        introspection_endpoint=public_url + INTROSPECTION_PATH,
        introspection_endpoint_auth_methods_supported=list(AUTH_METHODS),
        introspection_endpoint_auth_signing_alg_values_supported=[ALGORITHM],
        revocation_endpoint=public_url + REVOCATION_PATH,
        revocation_endpoint_auth_methods_supported=[*AUTH_METHODS, "none"],
        revocation_endpoint_auth_signing_alg_values_supported=[ALGORITHM],
        grant_types_supported=sorted(GRANTS),
        response_types_supported=[],
        scopes_supported=sorted(grantable_scopes(acting_for_another=False)),
        token_endpoint_auth_methods_supported=[*AUTH_METHODS, "none"],
        token_endpoint_auth_signing_alg_values_supported=[ALGORITHM],
        dpop_signing_alg_values_supported=[ALGORITHM],
    )


async def key_set(visit: Visit) -> KeySet:
    """The keys whose tokens are believed now, newest first."""
    return KeySet(keys=[PublicKey.model_validate(row) for row in await published_keys(visit)])


async def published_keys(visit: Visit) -> list[dict[str, str]]:
    """As `key_set`, as they lie in the table."""
    live = or_(SigningKey.retired_at.is_(None), SigningKey.retired_at > visit.now())
    wanted = select(SigningKey.jwk).where(SigningKey.tenant_id == PLATFORM, live)
    async with visit.transaction(PLATFORM) as session:
        return list(await session.scalars(wanted.order_by(SigningKey.created_at.desc())))
