from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest

from services.keys.totp import matching_step, new_seed, provisioning_uri

SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # RFC 6238: "12345678901234567890"
NOW = datetime.fromtimestamp(1_111_111_109, UTC)
STEP = 37_037_036


def code(step: int) -> str:
    return pyotp.TOTP(SEED).generate_otp(step)


def test_code_of_rfc_6238_matches() -> None:
    assert matching_step(SEED, "081804", now=NOW, last_step=None) == STEP


def test_previous_step_matches_and_no_other() -> None:
    found = {
        offset: matching_step(SEED, code(STEP + offset), now=NOW, last_step=None) for offset in range(-3, 3)
    }
    assert found == {-3: None, -2: None, -1: STEP - 1, 0: STEP, 1: None, 2: None}


def test_code_is_good_once() -> None:
    assert matching_step(SEED, code(STEP), now=NOW, last_step=STEP) is None
    assert matching_step(SEED, code(STEP - 1), now=NOW, last_step=STEP) is None
    assert matching_step(SEED, code(STEP), now=NOW, last_step=STEP - 1) == STEP


def test_code_ends_with_the_step_after_it() -> None:
    start = datetime.fromtimestamp(STEP * 30, UTC)
    accepted = timedelta(seconds=59)
    assert matching_step(SEED, code(STEP), now=start + accepted, last_step=None) == STEP
    assert (
        matching_step(SEED, code(STEP), now=start + accepted + timedelta(seconds=1), last_step=None) is None
    )
    assert matching_step(SEED, code(STEP), now=start - timedelta(seconds=1), last_step=None) is None


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "81804",
        "0818040",
        " 081804",
        "081804\n",
        "08180\u0664",
        "\uff10\uff18\uff11\uff18\uff10\uff14",
        "0x1804",
        "\ud800",
    ],
)
def test_anything_but_six_digits_is_wrong(typed: str) -> None:
    assert matching_step(SEED, typed, now=NOW, last_step=None) is None


def test_seeds_are_160_bits_and_never_the_same() -> None:
    seeds = {new_seed() for _ in range(20)}
    assert len(seeds) == 20
    assert {len(pyotp.TOTP(seed).byte_secret()) for seed in seeds} == {20}


def test_provisioning_uri_names_account_and_issuer() -> None:
    uri = urlsplit(provisioning_uri(SEED, account="ann@firm.example", issuer="Firm & Co"))
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert parse_qs(uri.query)["secret"] == [SEED]
    assert parse_qs(uri.query)["issuer"] == ["Firm & Co"]
