"""Signing tokens: ES256 (RFC 7518) with a key that is named by its RFC 7638 thumbprint."""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Final, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jose import jws
from jose.backends import ECKey

ALGORITHM: Final = "ES256"

if not ECKey.__module__.endswith("cryptography_backend"):  # pragma: no cover - the lock file installs it
    # The fallback in pure Python leaks its key through timing (CVE-2024-23342).
    raise ImportError("python-jose must run on its cryptography backend.")


class SigningKey:
    """One ES256 key pair. Its secret half leaves this object only for the key file."""

    def __init__(self, private_key: ec.EllipticCurvePrivateKey) -> None:
        if not isinstance(private_key.curve, ec.SECP256R1):
            raise ValueError("A token is signed with a P-256 key only.")  # noqa: TRY004 - a wrong curve
        self._private_key = private_key
        self._jose_key = ECKey(private_key, ALGORITHM)
        self._point = _jwk_point(private_key.public_key())
        self.kid = thumbprint(self._point)

    @classmethod
    def generate(cls) -> Self:
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def from_pem(cls, pem: bytes) -> Self:
        """Read an unencrypted PKCS #8 key.

        Raises:
            ValueError: it is no PEM key, or not a P-256 key.
        """
        private_key = serialization.load_pem_private_key(pem, password=None)
        if not isinstance(private_key, ec.EllipticCurvePrivateKey):
            raise ValueError("The key is not an elliptic-curve key.")  # noqa: TRY004 - the bytes are wrong
        return cls(private_key)

    def to_pem(self) -> bytes:
        """The secret key as unencrypted PKCS #8, for its file."""
        return self._private_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def public_jwk(self) -> dict[str, str]:
        """The public half as a JWK, as it stands in the JWKS."""
        return {**self._point, "kid": self.kid, "alg": ALGORITHM, "use": "sig"}

    def sign(self, typ: str, claims: Mapping[str, object]) -> str:
        """A compact JWS of `claims` whose header is exactly `alg`, `kid` and `typ`."""
        headers = {"typ": typ, "kid": self.kid}
        token: str = jws.sign(claims, self._jose_key, headers=headers, algorithm=ALGORITHM)
        return token


def public_jwk_of_pem(pem: bytes) -> dict[str, str]:
    """The public JWK of a PEM public key, without a name.

    Raises:
        ValueError: it is no public key, or not a P-256 key.
    """
    try:
        public_key = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("The file holds no public key.") from error
    if not isinstance(public_key, ec.EllipticCurvePublicKey) or not isinstance(
        public_key.curve, ec.SECP256R1
    ):
        raise ValueError("The key is not a P-256 key.")  # noqa: TRY004 - the bytes are wrong
    return _jwk_point(public_key)


def thumbprint(jwk: Mapping[str, str]) -> str:
    """The RFC 7638 thumbprint of an EC public key: 43 characters of base64url."""
    members = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    canonical = json.dumps(members, separators=(",", ":"), sort_keys=True)
    return _base64url(hashlib.sha256(canonical.encode()).digest())


def _jwk_point(public_key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    numbers = public_key.public_numbers()
    x, y = (_base64url(number.to_bytes(32)) for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
