"""The one function that believes a token.

python-jose is asked for one thing, the signature: left to itself it lets the token choose its algorithm,
ignores `typ`, `crit` and `kid`, accepts tokens without `exp` or `aud`, reads the clock itself, and raises
half a dozen unrelated exceptions on hostile input. So a token is taken apart here, strictly, before and
after: one alphabet, one algorithm, one key found by name, no duplicate members, every claim present and of
its one type (RFC 7519, RFC 8725, RFC 9068).

ECDSA lets anyone turn a valid signature into a second valid one. Both are the same token: its identity is
(`iss`, `jti`), and nothing may ever be denied or counted by a token's bytes.
"""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from services.keys.compact import Claims, CompactToken, TokenError
from services.keys.keyring import Keyring, VerificationKey
from services.keys.signing import ALGORITHM

__all__ = ["CACHED_TOKENS", "MAX_CLOCK_SKEW_SECONDS", "Claims", "TokenError", "TokenVerifier"]

MAX_CLOCK_SKEW_SECONDS: Final = 30
CACHED_TOKENS: Final = 4096

_HEADER_MEMBERS: Final = {"alg", "typ", "kid"}
_TIMES: Final = ("exp", "nbf", "iat")
_NAMES: Final = ("iss", "sub", "aud", "jti")
_NAME: Final = re.compile(r"[\x21-\x7e]{1,512}")
_LATEST: Final = 2**53


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
        # Any text has a digest; whether it is a token need be found out once.
        cache_key = (hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest(), typ, audience)
        claims = self._cache.get(cache_key) or self._verify_compact(CompactToken.of(token), typ, audience)
        _verify_times(claims, now, self._lifetimes[typ])
        self._remember(cache_key, claims)
        return dict(claims)

    def _verify_compact(self, compact: CompactToken, typ: str, audience: str) -> Claims:
        claims = compact.claims(self._find_key(compact.unverified_header(), typ).jose_key)
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
