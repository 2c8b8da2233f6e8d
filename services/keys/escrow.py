"""Escrow: bytes sealed to a public key that somebody else holds the other half of.

HPKE (RFC 9180) in base mode, one message each: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. Whoever
has the public key can make such a message, so it is proof of nothing; what is in it must be checked.
"""

import hashlib
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from services.keys.errors import KeysError

SUITE = "DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM"
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class EscrowKeyError(KeysError):
    """The text is not a public key that escrow can be sealed to."""


@dataclass(frozen=True, slots=True)
class EscrowKey:
    """Somebody's public key."""

    public: X25519PublicKey

    @classmethod
    def parse(cls, pem: str) -> "EscrowKey":
        """Read a PEM public key (SubjectPublicKeyInfo).

        Raises:
            EscrowKeyError: it is not an X25519 public key, or one that gives the same secret to everybody.
        """
        try:
            key = load_pem_public_key(pem.encode())
        except (ValueError, TypeError, UnsupportedAlgorithm) as exc:
            raise EscrowKeyError("It is not a public key in PEM.") from exc
        if not isinstance(key, X25519PublicKey):
            raise EscrowKeyError("It is not an X25519 public key.")
        made = cls(key)
        try:
            made.seal(b"", b"")
        except ValueError as exc:  # a point of small order (RFC 7748, section 6.1)
            raise EscrowKeyError("It is not a sound X25519 public key.") from exc
        return made

    @property
    def sha256(self) -> str:
        """Of the 32 raw bytes, hex: which key it is."""
        return hashlib.sha256(self.public.public_bytes_raw()).hexdigest()

    def seal(self, plaintext: bytes, info: bytes) -> bytes:
        """One HPKE message: encapsulated key (32 bytes), ciphertext, tag (16). `info` is needed to open."""
        return bytes(_SUITE.encrypt(plaintext, self.public, info))
