import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from services.keys.escrow import EscrowKey, EscrowKeyError

SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


def _pem(key: X25519PublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def test_only_the_private_half_opens_it() -> None:
    private = X25519PrivateKey.generate()
    sealed = EscrowKey.parse(_pem(private.public_key())).seal(b"secret", b"info")
    assert len(sealed) == 32 + len(b"secret") + 16
    assert SUITE.decrypt(sealed, private, b"info") == b"secret"
    with pytest.raises(InvalidTag):
        SUITE.decrypt(sealed, X25519PrivateKey.generate(), b"info")
    with pytest.raises(InvalidTag):
        SUITE.decrypt(sealed, private, b"other")


@pytest.mark.parametrize(
    "pem",
    [
        "",
        "\0",
        "-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----\n",
        generate_private_key(SECP256R1())
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        .decode(),
        _pem(X25519PublicKey.from_public_bytes(bytes(32))),
        _pem(X25519PublicKey.from_public_bytes(b"\1" + bytes(31))),
    ],
)
def test_other_keys_and_points_of_small_order_are_refused(pem: str) -> None:
    with pytest.raises(EscrowKeyError):
        EscrowKey.parse(pem)
