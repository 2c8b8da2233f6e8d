import base64
import json

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from services.keys.keyring import KeyringError, keyring_from_jwks, keyring_of
from services.keys.signing import SigningKey, thumbprint

KEY = SigningKey.generate()


def decode(part: str) -> dict[str, object]:
    decoded: dict[str, object] = json.loads(base64.urlsafe_b64decode(part + "=="))
    return decoded


def test_header_says_three_things() -> None:
    header, payload, signature = KEY.sign("at+jwt", {"sub": "x"}).split(".")
    assert decode(header) == {"alg": "ES256", "typ": "at+jwt", "kid": KEY.kid}
    assert decode(payload) == {"sub": "x"}
    assert len(signature) == 86


def test_key_survives_its_file() -> None:
    again = SigningKey.from_pem(KEY.to_pem())
    assert again.public_jwk() == KEY.public_jwk()


def test_thumbprint_is_that_of_rfc_7638() -> None:
    """The EC key of RFC 7517 appendix A.1; the value from the standard's own recipe, by hand."""
    jwk = {
        "kty": "EC",
        "crv": "P-256",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    }
    assert thumbprint(jwk | {"use": "enc", "kid": "1"}) == "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s"


def test_other_curves_and_keys_are_refused() -> None:
    with pytest.raises(ValueError, match="P-256"):
        SigningKey(ec.generate_private_key(ec.SECP384R1()))
    pem = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(ValueError, match="elliptic"):
        SigningKey.from_pem(pem)


def test_public_key_holds_no_secret() -> None:
    assert set(KEY.public_jwk()) == {"kty", "crv", "x", "y", "kid", "alg", "use"}


class TestKeyring:
    def test_published_keys_are_read_back(self) -> None:
        keys = [KEY, SigningKey.generate()]
        keyring = keyring_from_jwks({"keys": [key.public_jwk() for key in keys]})
        assert set(keyring) == {key.kid for key in keys} == set(keyring_of(keys))

    @pytest.mark.parametrize(
        "change",
        [
            {"kty": "oct"},
            {"kty": "RSA"},
            {"crv": "P-384"},
            {"alg": "HS256"},
            {"alg": "ES384"},
            {"use": "enc"},
            {"kid": "../../etc/passwd"},
            {"kid": "A" * 43},
            {"kid": None},
            {"x": "AA"},
            {"x": "A" * 43},
            {"x": "!" * 43},
            {"y": 5},
            {"d": "A" * 43},
            {"k": "c2VjcmV0"},
            {"x5u": "https://evil.example/"},
        ],
    )
    def test_poisoned_key_is_refused(self, change: dict[str, object]) -> None:
        with pytest.raises(KeyringError):
            keyring_from_jwks({"keys": [SigningKey.generate().public_jwk(), {**KEY.public_jwk(), **change}]})

    def test_point_that_is_not_on_the_curve_is_refused(self) -> None:
        jwk = KEY.public_jwk() | {"x": "A" * 43}
        with pytest.raises(KeyringError, match="no point"):
            keyring_from_jwks({"keys": [jwk | {"kid": thumbprint(jwk)}]})

    @pytest.mark.parametrize("missing", ["kty", "crv", "x", "y", "kid", "alg", "use"])
    def test_incomplete_key_is_refused(self, missing: str) -> None:
        jwk = {name: value for name, value in KEY.public_jwk().items() if name != missing}
        with pytest.raises(KeyringError):
            keyring_from_jwks({"keys": [jwk]})

    @pytest.mark.parametrize(
        "jwks",
        [
            {},
            {"keys": []},
            {"keys": {}},
            {"keys": ["x"]},
            {"keys": [KEY.public_jwk()] * 2},
            {"keys": [{}] * 17},
        ],
    )
    def test_malformed_set_is_refused(self, jwks: dict[str, object]) -> None:
        with pytest.raises(KeyringError):
            keyring_from_jwks(jwks)
