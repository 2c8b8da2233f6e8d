"""What the gateway tells a service in another process: this request, from this principal, was admitted.

An assertion is a token of type `rw-int+jwt`, signed with the gateway's own key, that lives 30 seconds and
holds for one request only: audience, method, raw path, request id and operation are in it, and the service
compares each with what it received. Nothing else a request carries says who sent it.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.keys.keyring import Keyring
from services.keys.signing import SigningKey
from services.keys.verification import TokenError, TokenVerifier

TYP: Final = "rw-int+jwt"
ISSUER: Final = "redwell-gateway"
LIFETIME_SECONDS: Final = 30
# The service's clock may be this far behind the gateway's.
BACKDATED_SECONDS: Final = 5


@dataclass(frozen=True, slots=True)
class AssertedRequest:
    """The one request an assertion holds for.

    Attributes:
        audience: the service, such as `docs`.
        method: as on the request line.
        raw_path: the path exactly as received, before any decoding, without the query.
        request_id: of this request.
        operation: id of the operation the gateway has matched.
    """

    audience: str
    method: str
    raw_path: bytes
    request_id: str
    operation: str

    def to_claims(self) -> dict[str, object]:
        return {
            "aud": self.audience,
            "method": self.method,
            "path_sha256": hashlib.sha256(self.raw_path).hexdigest(),
            "request_id": self.request_id,
            "operation": self.operation,
        }


@dataclass(frozen=True, slots=True)
class Assertion:
    """A request, who sends it (nobody, for an operation that is open to anyone), and from which address.

    `proof_key` is the thumbprint of a key that the sender has proved to hold.
    """

    request: AssertedRequest
    principal: Mapping[str, object] | None = None
    address: str = ""
    proof_key: str | None = None


def mint_assertion(key: SigningKey, assertion: Assertion, now: datetime) -> str:
    """Sign an assertion with the gateway's key."""
    issued = int(now.timestamp())
    claims = assertion.request.to_claims() | {
        "iss": ISSUER,
        "sub": "gateway",
        "jti": secrets.token_urlsafe(16),
        "iat": issued,
        "nbf": issued - BACKDATED_SECONDS,
        "exp": issued + LIFETIME_SECONDS,
        "principal": None if assertion.principal is None else dict(assertion.principal),
        "address": assertion.address,
        "proof_key": assertion.proof_key,
    }
    return key.sign(TYP, claims)


def assertion_verifier(keyring: Keyring) -> TokenVerifier:
    """A verifier for assertions; it remembers none, since no assertion is sent twice."""
    return TokenVerifier(keyring, issuer=ISSUER, lifetimes={TYP: LIFETIME_SECONDS}, cached_tokens=0)


def verify_assertion(
    verifier: TokenVerifier, token: str, request: AssertedRequest, now: datetime
) -> Assertion:
    """Return what the gateway asserted, if it asserted it of exactly this request.

    Raises:
        TokenError: it is not genuine, not valid now, or of another request.
    """
    claims = verifier.verify(token, typ=TYP, audience=request.audience, now=now)
    if any(claims.get(name) != value for name, value in request.to_claims().items()):
        raise TokenError("wrong-request")
    principal, address, key = (claims.get(name) for name in ("principal", "address", "proof_key"))
    if not isinstance(principal, dict | None) or not isinstance(address, str):
        raise TokenError("bad-claims")
    if not isinstance(key, str | None):
        raise TokenError("bad-claims")
    return Assertion(request, principal, address, key)
