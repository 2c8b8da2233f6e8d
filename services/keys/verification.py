"""The one function that believes a token.

python-jose is asked for one thing, the signature: left to itself it lets the token choose its algorithm,
ignores `typ`, `crit` and `kid`, accepts tokens without `exp` or `aud`, reads the clock itself, and raises
half a dozen unrelated exceptions on hostile input. So a token is taken apart here, strictly, before and
after: one alphabet, one algorithm, one key found by name, no duplicate members, every claim present and of
its one type (RFC 7519, RFC 8725, RFC 9068).

ECDSA lets anyone turn a valid signature into a second valid one. Both are the same token: its identity is
(`iss`, `jti`), and nothing may ever be denied or counted by a token's bytes.
"""

import base64
import hashlib
import json
import re
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from typing import Final, NoReturn

from jose import jws

from services.keys.errors import KeysError
from services.keys.keyring import Keyring, VerificationKey
from services.keys.signing import ALGORITHM

MAX_CLOCK_SKEW_SECONDS: Final = 30
CACHED_TOKENS: Final = 4096

# An ES256 signature is 64 bytes: 86 characters, never padded. The bounds keep nesting and size harmless.
_TOKEN: Final = re.compile(
    r"([A-Za-z0-9_-]{20,512})\.([A-Za-z0-9_-]{20,3072})\.([A-Za-z0-9_-]{86})", re.ASCII
)
_HEADER_MEMBERS: Final = {"alg", "typ", "kid"}
_TIMES: Final = ("exp", "nbf", "iat")
_NAMES: Final = ("iss", "sub", "aud", "jti")
_NAME: Final = re.compile(r"[\x21-\x7e]{1,512}")
_LATEST: Final = 2**53

Claims = dict[str, object]


class TokenError(KeysError):
    """A token is not believed.

    Attributes:
        reason: a stable slug for the log and the evidence; a caller outside learns only that it failed.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"The token is not accepted: {reason}.")
        self.reason = reason


class TokenVerifier:
    """Verifies the tokens of one issuer, and remembers what it has verified until it ends.

    Args:
        keyring: the public keys by `kid`.
        issuer: the exact `iss`.
        lifetimes: for each accepted `typ`, the longest `exp - iat` in seconds.
        cached_tokens: how many verified tokens are remembered.
    """

    def __init__(
        self,
        keyring: Keyring,
        *,
        issuer: str,
        lifetimes: Mapping[str, int],
        cached_tokens: int = CACHED_TOKENS,
    ) -> None:
        self._keyring = dict(keyring)
        self._issuer = issuer
        self._lifetimes = dict(lifetimes)
        self._cached_tokens = cached_tokens
        self._cache: OrderedDict[tuple[bytes, str, str], Claims] = OrderedDict()

    def replace_keyring(self, keyring: Keyring) -> None:
        """Believe these keys from now on, and no token for having been believed before."""
        self._keyring = dict(keyring)
        self._cache.clear()

    def verify(self, token: str, *, typ: str, audience: str, now: datetime) -> Claims:
        """Return the claims of a token that is genuine, of this type, for this audience, and valid now.

        What is nested in the claims is shared with later calls and must not be changed.

        Args:
            token: the compact serialization, as it came.
            typ: the one type the caller accepts.
            audience: the one `aud` the caller answers to.
            now: aware time.

        Raises:
            TokenError: for anything else, whatever it is.
        """
        parts = _split(token)
        cache_key = (hashlib.sha256(token.encode("ascii")).digest(), typ, audience)
        claims = self._cache.get(cache_key) or self._verify_parts(token, parts, typ, audience)
        _verify_times(claims, now, self._lifetimes[typ])
        self._remember(cache_key, claims)
        return dict(claims)

    def _verify_parts(self, token: str, parts: tuple[str, str, str], typ: str, audience: str) -> Claims:
        header, payload, _ = (_decode_base64url(part) for part in parts)
        key = self._find_key(_parse_object(header), typ)
        _verify_signature(token, key)
        claims = _parse_object(payload)
        _verify_shapes(claims)
        if claims["iss"] != self._issuer:
            raise TokenError("wrong-issuer")
        if claims["aud"] != audience:
            raise TokenError("wrong-audience")
        return claims

    def _find_key(self, header: Claims, typ: str) -> VerificationKey:
        if set(header) != _HEADER_MEMBERS or header["alg"] != ALGORITHM:
            raise TokenError("bad-header")
        if header["typ"] != typ or typ not in self._lifetimes:
            raise TokenError("wrong-type")
        kid = header["kid"]
        key = self._keyring.get(kid) if isinstance(kid, str) else None
        if key is None:
            raise TokenError("unknown-key")
        return key

    def _remember(self, cache_key: tuple[bytes, str, str], claims: Claims) -> None:
        self._cache[cache_key] = claims
        self._cache.move_to_end(cache_key)
        while len(self._cache) > self._cached_tokens:
            self._cache.popitem(last=False)


def _split(token: str) -> tuple[str, str, str]:
    match = _TOKEN.fullmatch(token)
    if match is None:
        raise TokenError("malformed")
    header, payload, signature = match.groups()
    return header, payload, signature


def _decode_base64url(part: str) -> bytes:
    try:
        data = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError as exc:
        raise TokenError("malformed") from exc
    # Trailing bits that mean nothing would give one token many spellings.
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii") != part:
        raise TokenError("malformed")
    return data


def _parse_object(data: bytes) -> Claims:
    try:
        parsed = json.loads(
            data.decode(), object_pairs_hook=_unique, parse_float=_refuse, parse_constant=_refuse
        )
    except (ValueError, RecursionError) as exc:
        raise TokenError("malformed") from exc
    if not isinstance(parsed, dict):
        raise TokenError("malformed")
    return parsed


def _unique(pairs: list[tuple[str, object]]) -> Claims:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("A member is given twice.")
    return members


def _refuse(_text: str) -> NoReturn:
    raise ValueError("A token holds no fractions.")


def _verify_signature(token: str, key: VerificationKey) -> None:
    try:
        jws.verify(token, key.jose_key, algorithms=[ALGORITHM])
    except (
        Exception
    ) as exc:  # python-jose lets errors of many unrelated kinds escape; each means "not genuine"
        raise TokenError("bad-signature") from exc


def _verify_shapes(claims: Claims) -> None:
    if any(type(claims.get(name)) is not int for name in _TIMES):
        raise TokenError("bad-claims")
    if not all(_is_name(claims.get(name)) for name in _NAMES):
        raise TokenError("bad-claims")


def _is_name(value: object) -> bool:
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def _verify_times(claims: Claims, now: datetime, max_lifetime_seconds: int) -> None:
    expires, not_before, issued = (_seconds(claims[name]) for name in _TIMES)
    seconds = now.timestamp()
    if expires <= seconds:
        raise TokenError("expired")
    if not_before > seconds or issued > seconds + MAX_CLOCK_SKEW_SECONDS:
        raise TokenError("not-yet-valid")
    if not 0 < expires - issued <= max_lifetime_seconds:
        raise TokenError("too-long-lived")


def _seconds(value: object) -> int:
    if type(value) is not int or not 0 <= value < _LATEST:
        raise TokenError("bad-claims")
    return value
