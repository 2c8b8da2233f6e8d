import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from services.keys.log_key import PUBLIC_BYTES, SIGNATURE_BYTES, LogKey
from services.keys.signing import SigningKey


def test_signature_is_genuine_for_its_message_only() -> None:
    key = LogKey.generate()
    signature = key.sign(b"checkpoint")
    assert (len(key.public_bytes), len(signature)) == (PUBLIC_BYTES, SIGNATURE_BYTES)
    public = Ed25519PublicKey.from_public_bytes(key.public_bytes)
    public.verify(signature, b"checkpoint")
    with pytest.raises(InvalidSignature):
        public.verify(signature, b"checkpoint2")


def test_key_survives_its_file() -> None:
    key = LogKey.generate()
    assert LogKey.from_pem(key.to_pem()).public_bytes == key.public_bytes


def test_key_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="Ed25519"):
        LogKey.from_pem(SigningKey.generate().to_pem())


def test_secret_does_not_show() -> None:
    assert "PRIVATE" not in repr(LogKey.generate())
