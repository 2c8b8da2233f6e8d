"""A key that sessions are bound to (DPoP, RFC 9449), in memory. It needs `cryptography`."""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Self

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

_SIZE = 32


class ProofKey:
    """A P-256 key pair. `clock` gives the seconds since 1970."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, clock: Callable[[], float] = time.time) -> None:
        numbers = key.public_key().public_numbers()
        self._key, self._clock = key, clock
        self._jwk = {
            "kty": "EC",
            "crv": "P-256",
            "x": _base64url(numbers.x.to_bytes(_SIZE)),
            "y": _base64url(numbers.y.to_bytes(_SIZE)),
        }

    @classmethod
    def generate(cls, clock: Callable[[], float] = time.time) -> Self:
        return cls(ec.generate_private_key(ec.SECP256R1()), clock)

    @classmethod
    def from_pem(cls, pem: str) -> Self:
        """Read what `to_pem` gave.

        Raises:
            ValueError: it is no such key.
        """
        key = serialization.load_pem_private_key(pem.encode(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise ValueError("The key is not a P-256 key.")  # noqa: TRY004 -- the text is wrong
        return cls(key)

    def to_pem(self) -> str:
        """The secret key as unencrypted PKCS #8, for a file that only its owner can read."""
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode("ascii")

    def proof(self, method: str, url: str, access_token: str | None) -> str:
        """A proof of one request to `url`, without its query, with this access token if there is one."""
        claims: dict[str, object] = {
            "jti": secrets.token_urlsafe(16),
            "htm": method,
            "htu": url,
            "iat": int(self._clock()),
        }
        if access_token is not None:
            claims["ath"] = _base64url(hashlib.sha256(access_token.encode()).digest())
        signed = f"{_part({'typ': 'dpop+jwt', 'alg': 'ES256', 'jwk': self._jwk})}.{_part(claims)}"
        r, s = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{_base64url(r.to_bytes(_SIZE) + s.to_bytes(_SIZE))}"


def _part(members: Mapping[str, object]) -> str:
    return _base64url(json.dumps(members, separators=(",", ":")).encode())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
