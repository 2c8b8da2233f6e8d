from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.keys.client_assertions import MAX_AGE, read_presented, verify_client_assertion
from services.keys.compact import TokenError
from services.keys.keyring import VerificationKey
from services.keys.signing import SigningKey

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ISSUED = int(NOW.timestamp())
KEY = SigningKey.generate()
CLIENT = "0192f0c1-0000-7000-8000-000000000001"
TOKEN_URL = "https://files.example.com/oauth/token"
AUDIENCES = ("https://files.example.com", TOKEN_URL)
CLAIMS: dict[str, Any] = {
    "iss": CLIENT,
    "sub": CLIENT,
    "aud": TOKEN_URL,
    "jti": "0123456789abcdef",
    "iat": ISSUED,
    "exp": ISSUED + 60,
}


def signed(typ: str = "JWT", key: SigningKey = KEY, **change: Any) -> str:
    claims = {name: value for name, value in (CLAIMS | change).items() if value is not None}
    return key.sign(typ, claims)


def refused(text: str, now: datetime = NOW) -> str:
    with pytest.raises(TokenError) as error:
        verify_client_assertion(read_presented(text), VerificationKey.of(KEY), AUDIENCES, now)
    return error.value.reason


@pytest.mark.parametrize("typ", ["JWT", "client-authentication+jwt"])
@pytest.mark.parametrize("audience", AUDIENCES)
def test_an_assertion_is_believed(typ: str, audience: str) -> None:
    presented = read_presented(signed(typ, aud=audience))
    assert (presented.client, presented.kid) == (CLIENT, KEY.kid)
    assertion = verify_client_assertion(presented, VerificationKey.of(KEY), AUDIENCES, NOW)
    assert (assertion.jti, assertion.ends) == (CLAIMS["jti"], NOW + timedelta(seconds=60))


def test_an_hour_of_exp_counts_as_five_minutes() -> None:
    """What stock client libraries write."""
    presented = read_presented(signed(exp=ISSUED + 3600))
    last = NOW + MAX_AGE - timedelta(seconds=1)
    assertion = verify_client_assertion(presented, VerificationKey.of(KEY), AUDIENCES, last)
    assert assertion.ends == NOW + MAX_AGE
    assert refused(signed(exp=ISSUED + 3600), NOW + MAX_AGE) == "expired"


@pytest.mark.parametrize("typ", ["at+jwt", "rw-int+jwt", "dpop+jwt", "jwt", "", "application/jwt"])
def test_another_kind_of_token_is_none(typ: str) -> None:
    assert refused(signed(typ)) == "wrong-type"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"iss": "other"}, "wrong-issuer"),
        ({"sub": "other"}, "wrong-issuer"),
        ({"sub": 1}, "bad-claims"),
        ({"aud": list(AUDIENCES)}, "wrong-audience"),
        ({"aud": TOKEN_URL + "/"}, "wrong-audience"),
        ({"aud": TOKEN_URL.upper()}, "wrong-audience"),
        ({"jti": "a" * 201}, "bad-claims"),
        ({"jti": "with a space"}, "bad-claims"),
        ({"jti": None}, "bad-claims"),
        ({"iat": str(ISSUED)}, "bad-claims"),
        ({"iat": True}, "bad-claims"),
        ({"iat": -1}, "bad-claims"),
        ({"exp": 2**60}, "bad-claims"),
        ({"exp": None}, "bad-claims"),
        ({"exp": ISSUED + 3601}, "too-long-lived"),
        ({"exp": ISSUED - 1}, "too-long-lived"),
        ({"nbf": ISSUED + 31}, "not-yet-valid"),
        ({"nbf": "now"}, "bad-claims"),
        ({"iat": ISSUED + 31, "exp": ISSUED + 90}, "not-yet-valid"),
        ({"iat": ISSUED - 120, "exp": ISSUED}, "expired"),
    ],
)
def test_what_it_says_must_be_right(change: dict[str, Any], reason: str) -> None:
    assert refused(signed(**change)) == reason


def test_another_key_did_not_sign_it() -> None:
    assert refused(signed(key=SigningKey.generate())) == "bad-signature"


@pytest.mark.parametrize("text", ["", "a.b.c", signed() + "=", signed()[:-1], signed().replace(".", "..", 1)])
def test_what_is_no_token_is_malformed(text: str) -> None:
    assert refused(text) == "malformed"
