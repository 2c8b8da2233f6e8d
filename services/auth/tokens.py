"""Access tokens (RFC 9068 profile): a member, for one organization, for ten minutes at most."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.auth.wire import AccessToken
from services.kernel.principal import Principal
from services.kernel.problems import Forbidden, SessionEnded
from services.kernel.scopes import Role, Scope, scopes_of
from services.kernel.settings import Settings
from services.keys.signing import SigningKey

TYP = "at+jwt"
MAX_LIFETIME_SECONDS = 600
CLIENT_ID = "redwell"
_BACKDATED_SECONDS = 5  # a verifier's clock may be this far behind ours


@dataclass(frozen=True, slots=True)
class Bearer:
    """A member in a live session, as the tables say now.

    `networks`, `proof_key`: see `Principal`. A program has `scopes`: those of its role that it was given, or
    fewer; and its own `client_id`.
    """

    member: UUID
    organization: UUID
    session: UUID
    roles: frozenset[Role]
    acr: str
    amr: tuple[str, ...]
    auth_time: datetime
    expires_at: datetime
    scopes: frozenset[Scope] | None = None
    networks: tuple[str, ...] = ()
    client_id: str = CLIENT_ID
    proof_key: str | None = None
    began_at: datetime | None = None
    """When the session began; a program's does not last long enough to matter."""

    def scopes_for(self, firm: UUID) -> frozenset[Scope]:
        """What the roles allow while acting for `firm`.

        Raises:
            Forbidden: nothing at all.
        """
        scopes = scopes_of(self.roles, acting_for_another=firm != self.organization)
        if self.scopes is not None:
            scopes &= self.scopes
        if not scopes:
            raise Forbidden
        return scopes

    def principal(self, firm: UUID) -> Principal:
        return Principal(
            id=self.member,
            organization=self.organization,
            firm=firm,
            session=self.session,
            roles=self.roles,
            scopes=self.scopes_for(firm),
            acr=self.acr,
            amr=self.amr,
            auth_time=self.auth_time,
            networks=self.networks,
            proof_key=self.proof_key,
        )


class TokenMint:
    """Makes access tokens. `key` gives the key that signs now."""

    def __init__(self, settings: Settings, key: Callable[[], SigningKey]) -> None:
        self._url = settings.public_url
        self._lifetime_seconds = settings.access_token_seconds
        self._key = key

    def make(self, bearer: Bearer, firm: UUID, now: datetime) -> AccessToken:
        """A token for `bearer`, acting for `firm`; it never outlives the session.

        Raises:
            Forbidden: the roles allow nothing there.
            SessionEnded: less than a second of the session is left.
        """
        scope = " ".join(sorted(bearer.scopes_for(firm)))
        left = int((bearer.expires_at - now).total_seconds())
        lifetime = min(self._lifetime_seconds, left)
        if lifetime < 1:
            raise SessionEnded
        issued = int(now.timestamp())
        claims = {
            "iss": self._url,
            "aud": self._url,
            "sub": str(bearer.member),
            "sid": str(bearer.session),
            "org": str(bearer.organization),
            "firm": str(firm),
            "roles": sorted(bearer.roles),
            "scope": scope,
            "acr": bearer.acr,
            "amr": list(bearer.amr),
            "auth_time": int(bearer.auth_time.timestamp()),
            "client_id": bearer.client_id,
            "jti": secrets.token_urlsafe(16),
            "iat": issued,
            "nbf": issued - _BACKDATED_SECONDS,
            "exp": issued + lifetime,
        } | ({"networks": list(bearer.networks)} if bearer.networks else {})
        if bearer.proof_key is not None:
            claims["cnf"] = {"jkt": bearer.proof_key}
        return AccessToken(
            access_token=self._key().sign(TYP, claims),
            token_type="Bearer" if bearer.proof_key is None else "DPoP",
            expires_in=lifetime,
            acting_for=firm,
            scope=scope,
        )
