from datetime import UTC, datetime, timedelta

import pytest

from services.keys.keyring import keyring_of
from services.keys.signing import SigningKey
from services.keys.verification import Claims, TokenError, TokenVerifier

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ISSUED = int(NOW.timestamp())
KEY = SigningKey.generate()
AUDIENCE = "https://localhost:8443"


def claims(**change: object) -> Claims:
    times = {"iat": ISSUED, "nbf": ISSUED, "exp": ISSUED + 600}
    return {"iss": "redwell", "aud": AUDIENCE, "sub": "member", "jti": "one", **times, **change}


def verifier(cached_tokens: int = 10) -> TokenVerifier:
    lifetimes = {"at+jwt": 600, "enrol+jwt": 300}
    return TokenVerifier(
        keyring_of([KEY]), issuer="redwell", lifetimes=lifetimes, cached_tokens=cached_tokens
    )


def verify(token: str, by: TokenVerifier | None = None, now: datetime = NOW, typ: str = "at+jwt") -> Claims:
    return (by or verifier()).verify(token, typ=typ, audience=AUDIENCE, now=now)


def test_genuine_token_gives_its_claims() -> None:
    signed = claims(scope="document:read", roles=["paralegal"], auth_time=ISSUED)
    assert verify(KEY.sign("at+jwt", signed)) == signed


@pytest.mark.parametrize(
    ("moment", "reason"),
    [(-1, "not-yet-valid"), (600, "expired"), (601, "expired"), (86_400, "expired")],
)
def test_token_is_valid_from_nbf_until_before_exp(moment: int, reason: str) -> None:
    token, remembering = KEY.sign("at+jwt", claims()), verifier()
    for _ in range(2):
        assert verify(token, remembering)
        assert verify(token, remembering, NOW + timedelta(seconds=599.999))
        with pytest.raises(TokenError, match=reason):
            verify(token, remembering, NOW + timedelta(seconds=moment))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"iss": "other"}, "wrong-issuer"),
        ({"aud": "other"}, "wrong-audience"),
        ({"exp": ISSUED + 601}, "too-long-lived"),
        ({"iat": ISSUED - 1, "exp": ISSUED + 600}, "too-long-lived"),
        ({"iat": ISSUED + 31, "exp": ISSUED + 100}, "not-yet-valid"),
        ({"iat": ISSUED + 20, "exp": ISSUED + 20}, "too-long-lived"),
        ({"nbf": ISSUED + 1}, "not-yet-valid"),
    ],
)
def test_claim_that_does_not_hold_is_named(change: dict[str, object], reason: str) -> None:
    with pytest.raises(TokenError) as caught:
        verify(KEY.sign("at+jwt", claims(**change)))
    assert caught.value.reason == reason


def test_issuer_clock_may_be_a_little_ahead() -> None:
    assert verify(KEY.sign("at+jwt", claims(iat=ISSUED + 30)))


def test_each_type_has_its_own_lifetime() -> None:
    with pytest.raises(TokenError, match="too-long-lived"):
        verify(KEY.sign("enrol+jwt", claims()), typ="enrol+jwt")
    assert verify(KEY.sign("enrol+jwt", claims(exp=ISSUED + 300)), typ="enrol+jwt")


def test_token_remembered_for_one_use_is_not_believed_for_another() -> None:
    token, remembering = KEY.sign("at+jwt", claims()), verifier()
    verify(token, remembering)
    with pytest.raises(TokenError, match="wrong-type"):
        verify(token, remembering, typ="enrol+jwt")
    with pytest.raises(TokenError, match="wrong-audience"):
        remembering.verify(token, typ="at+jwt", audience="other", now=NOW)


def test_withdrawn_key_ends_tokens_that_were_remembered() -> None:
    token, remembering = KEY.sign("at+jwt", claims()), verifier()
    verify(token, remembering)
    successor = SigningKey.generate()
    remembering.replace_keyring(keyring_of([successor]))
    with pytest.raises(TokenError, match="unknown-key"):
        verify(token, remembering)
    assert verify(successor.sign("at+jwt", claims()), remembering)


def test_changing_what_was_returned_changes_nothing() -> None:
    token, remembering = KEY.sign("at+jwt", claims()), verifier()
    verify(token, remembering)["sub"] = "admin"
    assert verify(token, remembering)["sub"] == "member"


def test_memory_is_bounded_and_keeps_what_is_used() -> None:
    remembering = verifier(cached_tokens=3)
    tokens = [KEY.sign("at+jwt", claims(jti=str(number))) for number in range(10)]
    for token in tokens:
        verify(tokens[0], remembering)
        verify(token, remembering)
    assert len(remembering._cache) == 3
    remembering._keyring.clear()  # from here on only what is remembered is believed
    for token in (tokens[0], tokens[9]):
        assert verify(token, remembering)
    with pytest.raises(TokenError, match="unknown-key"):
        verify(tokens[5], remembering)
