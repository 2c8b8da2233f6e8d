from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr

from services.auth.tokens import Bearer, TokenMint
from services.kernel.problems import Forbidden, SessionEnded
from services.kernel.scopes import Role, Scope
from services.kernel.settings import Settings
from services.keys.keyring import keyring_of
from services.keys.signing import SigningKey
from services.keys.verification import Claims, TokenVerifier

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
URL = "https://files.example"
KEY = SigningKey.generate()
SETTINGS = Settings(
    public_url=URL,
    keys=Path("keys"),
    objects=Path("objects"),
    database_host="nowhere",
    database_passwords=SecretStr("{}"),
)
MINT = TokenMint(SETTINGS, lambda: KEY)
HOME, FIRM = uuid4(), uuid4()
PARALEGAL = Bearer(
    member=uuid4(),
    organization=HOME,
    session=uuid4(),
    roles=frozenset({Role.PARALEGAL}),
    acr="aal2",
    amr=("pwd", "otp"),
    auth_time=NOW - timedelta(minutes=3),
    expires_at=NOW + timedelta(hours=12),
)


def claims_of(token: str, now: datetime = NOW) -> Claims:
    verifier = TokenVerifier(keyring_of([KEY]), issuer=URL, lifetimes={"at+jwt": 600})
    return verifier.verify(token, typ="at+jwt", audience=URL, now=now)


def test_a_token_says_who_in_which_session_for_whom_and_by_which_factors() -> None:
    made = MINT.make(PARALEGAL, FIRM, NOW)
    claims = claims_of(made.access_token)
    assert claims["sub"] == str(PARALEGAL.member)
    assert claims["sid"] == str(PARALEGAL.session)
    assert (claims["org"], claims["firm"]) == (str(HOME), str(FIRM))
    assert (claims["acr"], claims["amr"]) == ("aal2", ["pwd", "otp"])
    assert claims["auth_time"] == int(PARALEGAL.auth_time.timestamp())
    assert claims["roles"] == ["paralegal"]
    assert claims["scope"] == made.scope
    assert made.acting_for == FIRM


def test_a_role_gives_other_scopes_at_home_than_for_a_firm() -> None:
    assert Scope.DOCUMENT_READ in MINT.make(PARALEGAL, FIRM, NOW).scope.split()
    assert MINT.make(PARALEGAL, HOME, NOW).scope == Scope.SELF


@pytest.mark.parametrize("role", [Role.PROVIDER_ADMIN, Role.PROVIDER_LEAD, Role.COMPLIANCE_OFFICER])
def test_a_role_that_may_do_nothing_for_a_firm_gets_no_token_for_it(role: Role) -> None:
    with pytest.raises(Forbidden):
        MINT.make(replace(PARALEGAL, roles=frozenset({role})), FIRM, NOW)


def test_a_token_lives_ten_minutes_and_never_longer_than_its_session() -> None:
    assert MINT.make(PARALEGAL, HOME, NOW).expires_in == 600
    short = replace(PARALEGAL, expires_at=NOW + timedelta(seconds=90, milliseconds=900))
    made = MINT.make(short, HOME, NOW)
    assert made.expires_in == 90
    assert claims_of(made.access_token)["exp"] == int(NOW.timestamp()) + 90
    with pytest.raises(SessionEnded):
        MINT.make(replace(PARALEGAL, expires_at=NOW + timedelta(milliseconds=500)), HOME, NOW)


def test_no_two_tokens_bear_one_id() -> None:
    ids = {claims_of(MINT.make(PARALEGAL, HOME, NOW).access_token)["jti"] for _ in range(20)}
    assert len(ids) == 20
