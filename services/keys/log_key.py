"""The Ed25519 key that signs checkpoints of the evidence log (RFC 8032, C2SP signed-note)."""

from typing import Final, Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PUBLIC_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64


class LogKey:
    """One log key. Its secret half leaves this object only for the key file."""

    def __init__(self, private_key: Ed25519PrivateKey) -> None:
        self._private_key = private_key
        self.public_bytes = private_key.public_key().public_bytes_raw()

    @classmethod
    def generate(cls) -> Self:
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, pem: bytes) -> Self:
        """Read an unencrypted PKCS #8 key.

        Raises:
            ValueError: it is no PEM key, or not an Ed25519 key.
        """
        private_key = serialization.load_pem_private_key(pem, password=None)
        if not isinstance(private_key, Ed25519PrivateKey):
            raise ValueError("The key is not an Ed25519 key.")  # noqa: TRY004 - the bytes are wrong, not a type
        return cls(private_key)

    def to_pem(self) -> bytes:
        """The secret key as unencrypted PKCS #8, for its file."""
        return self._private_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def sign(self, message: bytes) -> bytes:
        """64 bytes that prove the holder of this key has seen exactly `message`."""
        return self._private_key.sign(message)
