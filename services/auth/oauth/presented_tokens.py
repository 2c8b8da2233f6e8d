"""A token that somebody shows to ask about it or to give it up: which session it stands for."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from services.auth.lookups import Place
from services.auth.oauth.discovery import published_keys
from services.auth.tokens import MAX_LIFETIME_SECONDS, TYP
from services.auth.visit import Visit
from services.keys.keyring import keyring_from_jwks
from services.keys.verification import TokenError, TokenVerifier


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What a genuine access token, not over yet, says."""

    claims: Mapping[str, object]
    session: Place
    member: UUID
    firm: UUID

    def text(self, name: str) -> str:
        return str(self.claims[name])

    @property
    def proof_key(self) -> str | None:
        """The thumbprint of the key that the token is bound to."""
        confirmation = self.claims.get("cnf")
        return str(confirmation["jkt"]) if isinstance(confirmation, dict) else None

    def number(self, name: str) -> int:
        value = self.claims[name]
        assert isinstance(value, int), "the verifier checks times"
        return value


async def read_access_token(visit: Visit, text: str) -> AccessClaims | None:
    """What the token says; None if it is not one of ours, or over."""
    url = visit.resources.settings.public_url
    keyring = keyring_from_jwks({"keys": await published_keys(visit)})
    verifier = TokenVerifier(keyring, issuer=url, lifetimes={TYP: MAX_LIFETIME_SECONDS}, cached_tokens=0)
    try:
        claims = verifier.verify(text, typ=TYP, audience=url, now=visit.now())
    except TokenError:
        return None
    session, organization = UUID(str(claims["sid"])), UUID(str(claims["org"]))
    return AccessClaims(
        claims, Place(organization, session), UUID(str(claims["sub"])), UUID(str(claims["firm"]))
    )
