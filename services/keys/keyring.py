"""The public keys a token may be signed with: read strictly, from a JWK set or a key pair."""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from jose.backends import ECKey
from jose.exceptions import JOSEError

from services.keys.errors import KeysError
from services.keys.signing import ALGORITHM, SigningKey, thumbprint

MAX_KEYS: Final = 16
_FIXED: Final = {"kty": "EC", "crv": "P-256", "alg": ALGORITHM, "use": "sig"}
_COORDINATE: Final = re.compile(r"[A-Za-z0-9_-]{43}")


class KeyringError(KeysError):
    """A JWK set is not one this deployment could have published."""


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """One public key, good for ES256 and for nothing else."""

    kid: str
    jose_key: ECKey = field(repr=False, compare=False)

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, object]) -> "VerificationKey":
        """Read a public JWK.

        Raises:
            KeyringError: a member is missing, added or wrong, `kid` is not the thumbprint,
                or the point is not on P-256.
        """
        members = _strict_members(jwk)
        if thumbprint(members) != members["kid"]:
            raise KeyringError("A key is not named by its thumbprint.")
        try:
            return cls(members["kid"], ECKey(members, ALGORITHM))
        except (JOSEError, ValueError) as exc:
            raise KeyringError("A key is no point on P-256.") from exc

    @classmethod
    def of(cls, signing_key: SigningKey) -> "VerificationKey":
        return cls.from_jwk(signing_key.public_jwk())


Keyring = Mapping[str, VerificationKey]


def keyring_of(signing_keys: Iterable[SigningKey]) -> dict[str, VerificationKey]:
    """The keyring that accepts what these keys sign."""
    return {key.kid: VerificationKey.of(key) for key in signing_keys}


def keyring_from_jwks(jwks: Mapping[str, object]) -> dict[str, VerificationKey]:
    """Read a JWK set (RFC 7517), all or nothing, so that a poisoned set replaces no good one.

    Raises:
        KeyringError: anything but 1 to 16 distinct ES256 keys.
    """
    entries = jwks.get("keys")
    if not isinstance(entries, list) or not 1 <= len(entries) <= MAX_KEYS:
        raise KeyringError(f"A key set holds 1 to {MAX_KEYS} keys.")
    if not all(isinstance(entry, dict) for entry in entries):
        raise KeyringError("A key set holds objects only.")
    keys = [VerificationKey.from_jwk(entry) for entry in entries]
    keyring = {key.kid: key for key in keys}
    if len(keyring) != len(keys):
        raise KeyringError("Two keys bear one name.")
    return keyring


def _strict_members(jwk: Mapping[str, object]) -> dict[str, str]:
    if set(jwk) != {*_FIXED, "kid", "x", "y"}:
        raise KeyringError("A key has members it should not have, or lacks some.")
    members = {name: value for name, value in jwk.items() if isinstance(value, str)}
    if len(members) != len(jwk) or any(members[name] != value for name, value in _FIXED.items()):
        raise KeyringError("A key is not a public P-256 key for ES256 signatures.")
    if not all(_is_coordinate(members[name]) for name in ("x", "y")):
        raise KeyringError("A coordinate is not 32 bytes of base64url.")
    return members


def _is_coordinate(text: str) -> bool:
    if not _COORDINATE.fullmatch(text):
        return False
    try:
        return base64.urlsafe_b64encode(base64.urlsafe_b64decode(text + "=")).decode().rstrip("=") == text
    except binascii.Error:  # pragma: no cover - the pattern above leaves nothing that fails to decode
        return False
