from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.keys.assertions import (
    ISSUER,
    TYP,
    AssertedRequest,
    Assertion,
    assertion_verifier,
    mint_assertion,
    verify_assertion,
)
from services.keys.keyring import keyring_of
from services.keys.signing import SigningKey
from services.keys.verification import TokenError

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
GATEWAY = SigningKey.generate()
VERIFIER = assertion_verifier(keyring_of([GATEWAY]))
REQUEST = AssertedRequest("docs", "GET", b"/v1/documents/a%2Fb", "0192f0c1", "fetch_document")
PRINCIPAL = {"member": "m", "roles": ["paralegal"], "firm": "f"}


def test_assertion_holds_for_its_request() -> None:
    token = mint_assertion(GATEWAY, Assertion(REQUEST, PRINCIPAL), NOW)
    assert verify_assertion(VERIFIER, token, REQUEST, NOW) == Assertion(REQUEST, PRINCIPAL)


def test_request_open_to_anyone_has_no_principal() -> None:
    token = mint_assertion(GATEWAY, Assertion(REQUEST), NOW)
    assert verify_assertion(VERIFIER, token, REQUEST, NOW).principal is None


@pytest.mark.parametrize(
    "change",
    [
        {"audience": "audit"},
        {"method": "HEAD"},
        {"raw_path": b"/v1/documents/a/b"},
        {"raw_path": b"/v1/documents/a%2fb"},
        {"request_id": "0192f0c2"},
        {"operation": "delete_document"},
    ],
)
def test_assertion_holds_for_no_other_request(change: dict[str, Any]) -> None:
    token = mint_assertion(GATEWAY, Assertion(REQUEST, PRINCIPAL), NOW)
    with pytest.raises(TokenError):
        verify_assertion(VERIFIER, token, replace(REQUEST, **change), NOW)


@pytest.mark.parametrize("seconds", [30, 31, 3600, -6, -60])
def test_assertion_lives_half_a_minute(seconds: int) -> None:
    token = mint_assertion(GATEWAY, Assertion(REQUEST, PRINCIPAL), NOW)
    with pytest.raises(TokenError):
        verify_assertion(VERIFIER, token, REQUEST, NOW + timedelta(seconds=seconds))


def test_service_clock_may_be_a_little_behind() -> None:
    token = mint_assertion(GATEWAY, Assertion(REQUEST, PRINCIPAL), NOW)
    verify_assertion(VERIFIER, token, REQUEST, NOW - timedelta(seconds=5))


def test_assertion_of_another_key_is_refused() -> None:
    token = mint_assertion(SigningKey.generate(), Assertion(REQUEST, PRINCIPAL), NOW)
    with pytest.raises(TokenError, match="unknown-key"):
        verify_assertion(VERIFIER, token, REQUEST, NOW)


def test_principal_is_an_object() -> None:
    issued = int(NOW.timestamp())
    times = {"iat": issued, "nbf": issued, "exp": issued + 30}
    claims = REQUEST.to_claims() | times | {"iss": ISSUER, "sub": "gateway", "jti": "j", "principal": "admin"}
    with pytest.raises(TokenError, match="bad-claims"):
        verify_assertion(VERIFIER, GATEWAY.sign(TYP, claims), REQUEST, NOW)
