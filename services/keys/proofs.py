"""A proof of possession (DPoP, RFC 9449): who sends this one request holds the key that is in its header.

As strict as for access tokens: one algorithm, one kind of key with no member too many, one spelling. A proof
says which method and address it is of, when it was made, and which access token goes with it. It is believed
for a minute around that moment. That it is believed once, whoever asks must see to: by `Proof.digest`, never
by its bytes, since anyone can turn an ECDSA signature into a second valid one.
"""

import base64
import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from services.keys.compact import Claims, CompactToken, TokenError
from services.keys.keyring import KeyringError, VerificationKey
from services.keys.signing import ALGORITHM, thumbprint

TYP: Final = "dpop+jwt"
WINDOW: Final = timedelta(seconds=60)
"""How far from now a proof may have been made, either way."""

_HEADER_MEMBERS: Final = {"typ", "alg", "jwk"}
_KEY_MEMBERS: Final = {"kty", "crv", "x", "y"}
_JTI: Final = re.compile(r"[\x21-\x7e]{8,200}")
_ADDRESS: Final = re.compile(r"[\x21-\x7e]{1,2048}")
_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED: Final = re.compile(r"[A-Za-z0-9._~-]")
_LATEST: Final = 2**40


@dataclass(frozen=True, slots=True)
class ProvenRequest:
    """What a proof must be of.

    Attributes:
        method: as on the request line.
        origins: the spellings of where we are, in lower case: `https://files.example`.
        path: as received, without the query.
        access_token: the token that the request brings, if it brings one.
    """

    method: str
    origins: Collection[str]
    path: str
    access_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that is genuine. `key` is the RFC 7638 thumbprint; from `ends` on it is believed no more."""

    key: str
    digest: bytes
    ends: datetime


def verify_proof(text: str, request: ProvenRequest, now: datetime) -> Proof:
    """Believe the proof, if the key in it signed it, of this request, within a minute of now.

    Raises:
        TokenError: for anything else, whatever it is.
    """
    compact = CompactToken.of(text)
    key = _key_in(compact.unverified_header())
    claims = compact.claims(key.jose_key)
    jti = claims.get("jti")
    if not isinstance(jti, str) or not _JTI.fullmatch(jti):
        raise TokenError("bad-claims")
    _check_request(claims, request)
    made = _moment(claims.get("iat"))
    if abs(now - made) > WINDOW:
        raise TokenError("not-of-now")
    digest = hashlib.sha256(f"{key.kid} {jti}".encode()).digest()
    return Proof(key.kid, digest, made + WINDOW)


def token_digest(access_token: str) -> str:
    """The `ath` of an access token."""
    digest = hashlib.sha256(access_token.encode("ascii", "replace")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _key_in(header: Claims) -> VerificationKey:
    if set(header) != _HEADER_MEMBERS or header["alg"] != ALGORITHM:
        raise TokenError("bad-header")
    if header["typ"] != TYP:
        raise TokenError("wrong-type")
    jwk = header["jwk"]
    if not isinstance(jwk, dict) or set(jwk) != _KEY_MEMBERS:
        raise TokenError("bad-key")
    if not all(isinstance(value, str) for value in jwk.values()):
        raise TokenError("bad-key")
    return _read_key(tuple(sorted(jwk.items())))


@lru_cache(maxsize=1024)
def _read_key(members: tuple[tuple[str, str], ...]) -> VerificationKey:
    jwk = dict(members)
    try:
        named = {**jwk, "kid": thumbprint(jwk), "alg": ALGORITHM, "use": "sig"}
        return VerificationKey.from_jwk(named)
    except KeyringError as error:
        raise TokenError("bad-key") from error


def _check_request(claims: Claims, request: ProvenRequest) -> None:
    if claims.get("htm") != request.method:
        raise TokenError("wrong-method")
    address = claims.get("htu")
    if not isinstance(address, str) or not _ADDRESS.fullmatch(address):
        raise TokenError("bad-claims")
    origin, path = _normalised(address)
    if origin not in request.origins or path != request.path:
        raise TokenError("wrong-address")
    if request.access_token is not None and claims.get("ath") != token_digest(request.access_token):
        raise TokenError("wrong-token")


def _normalised(address: str) -> tuple[str, str]:
    """Origin and path, as RFC 9449 section 4.3 compares them: query and fragment do not count."""
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise TokenError("bad-claims") from error
    path = _ESCAPE.sub(_plain, parts.path) or "/"
    return f"{parts.scheme}://{parts.netloc}".lower(), path


def _plain(escape: re.Match[str]) -> str:
    """What needs no escape is the same without one (RFC 3986 section 6.2.2.2)."""
    meant = chr(int(escape[1], 16))
    return meant if _UNRESERVED.fullmatch(meant) else escape[0]


def _moment(value: object) -> datetime:
    if type(value) is not int or not 0 <= value < _LATEST:
        raise TokenError("bad-claims")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise TokenError("bad-claims") from error
