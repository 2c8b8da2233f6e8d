"""A client's assertion (RFC 7523): how a program shows that it holds one of its keys.

As strict as for access tokens, where the standard lets it: ES256 with a key found by name, `iss` and `sub`
the client, one audience, a `jti`. Client libraries write an `exp` of an hour and cannot be told otherwise, so
it is `iat` that an assertion is judged by: five minutes later nobody believes it, whatever `exp` says.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from services.keys.compact import Claims, CompactToken, TokenError
from services.keys.keyring import VerificationKey
from services.keys.signing import ALGORITHM

MAX_AGE: Final = timedelta(minutes=5)
MAX_CLOCK_SKEW: Final = timedelta(seconds=30)
_HEADER_NEEDS: Final = {"alg", "kid"}
_HEADER_MAY_HAVE: Final = _HEADER_NEEDS | {"typ"}
_TYPES: Final = frozenset({None, "JWT", "client-authentication+jwt"})
_LONGEST: Final = timedelta(hours=1)
_JTI: Final = re.compile(r"[\x21-\x7e]{8,200}")
_KID: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_LATEST: Final = 2**40


@dataclass(frozen=True, slots=True)
class Presented:
    """An assertion as it came, nothing of it believed yet: which client it speaks of, and by which key."""

    compact: CompactToken
    client: str
    kid: str


@dataclass(frozen=True, slots=True)
class ClientAssertion:
    """What was signed. It can be used no more from `ends` on, and must not be used twice before."""

    jti: str
    ends: datetime


def read_presented(text: str) -> Presented:
    """Whose assertion `text` says it is (raises TokenError when it is of no form that could be one)."""
    compact = CompactToken.of(text)
    header = compact.unverified_header()
    if not _HEADER_NEEDS <= set(header) <= _HEADER_MAY_HAVE or header["alg"] != ALGORITHM:
        raise TokenError("bad-header")
    if header.get("typ") not in _TYPES:
        raise TokenError("wrong-type")
    client, kid = compact.unverified_claims().get("sub"), header["kid"]
    if not isinstance(client, str):
        raise TokenError("bad-claims")
    if not isinstance(kid, str) or not _KID.fullmatch(kid):
        raise TokenError("unknown-key")
    return Presented(compact, client, kid)


def verify_client_assertion(
    presented: Presented, key: VerificationKey, audiences: Collection[str], now: datetime
) -> ClientAssertion:
    """Believe the assertion, if `key` signed it, for one of `audiences`, within the last five minutes.

    Raises:
        TokenError: for anything else, whatever it is.
    """
    claims = presented.compact.claims(key.jose_key)
    if claims.get("iss") != presented.client or claims.get("sub") != presented.client:
        raise TokenError("wrong-issuer")
    audience = claims.get("aud")
    if not isinstance(audience, str) or audience not in audiences:
        raise TokenError("wrong-audience")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not _JTI.fullmatch(jti):
        raise TokenError("bad-claims")
    return ClientAssertion(jti, _ends(claims, now))


def _ends(claims: Claims, now: datetime) -> datetime:
    issued, expires = _moment(claims, "iat"), _moment(claims, "exp")
    not_before = _moment(claims, "nbf") if "nbf" in claims else issued
    if max(issued, not_before) > now + MAX_CLOCK_SKEW:
        raise TokenError("not-yet-valid")
    if not timedelta(0) < expires - issued <= _LONGEST:
        raise TokenError("too-long-lived")
    ends = min(expires, issued + MAX_AGE)
    if ends <= now:
        raise TokenError("expired")
    return ends


def _moment(claims: Claims, name: str) -> datetime:
    value = claims.get(name)
    if type(value) is not int or not 0 <= value < _LATEST:
        raise TokenError("bad-claims")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError) as exc:
        raise TokenError("bad-claims") from exc
