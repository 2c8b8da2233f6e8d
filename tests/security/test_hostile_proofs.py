"""No proof of the hostile corpus is believed; each is refused by `TokenError`, or it were a 500."""

import base64
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.keys.proofs import Proof, ProvenRequest, verify_proof
from services.keys.signing import SigningKey
from services.keys.verification import TokenError
from tests.security.hostile_proofs import (
    ACCESS,
    CLAIMS,
    GENUINE,
    HEADER,
    HEADERS,
    KEYS,
    PARTS,
    PATH,
    REQUESTS,
    SPELLINGS,
    URL,
    with_claims,
    with_header,
    with_key,
)
from tests.security.hostile_tokens import ISSUED, NOW, P256_ORDER, PRIVATE, encode

REQUEST = ProvenRequest("GET", {URL}, PATH, ACCESS)
CORPUS = {"keys": KEYS, "headers": HEADERS, "requests": REQUESTS, "spellings": SPELLINGS}


def believe(hostile: str) -> Proof:
    return verify_proof(hostile, REQUEST, NOW)


def test_the_proof_the_corpus_varies_is_genuine() -> None:
    assert believe(GENUINE).key == SigningKey(PRIVATE).kid


@pytest.mark.parametrize("corpus", CORPUS)
def test_each_entry_is_its_own(corpus: str) -> None:
    entries = CORPUS[corpus]
    assert len(set(entries.values())) == len(entries)
    assert GENUINE not in entries.values()


@pytest.mark.parametrize(
    ("corpus", "name"), [(corpus, name) for corpus, entries in CORPUS.items() for name in entries]
)
def test_nothing_of_the_corpus_is_believed(corpus: str, name: str) -> None:
    with pytest.raises(TokenError):
        believe(CORPUS[corpus][name])


@pytest.mark.parametrize(
    "address",
    [
        "HTTPS://LOCALHOST:8443/v1/matters",
        "https://localhost:8443/v1/matters?limit=3",
        "https://localhost:8443/v1/matters#top",
        "https://localhost:8443/v1/%6Datters",
    ],
)
def test_an_address_may_be_spelled_in_the_ways_that_mean_the_same(address: str) -> None:
    assert believe(with_claims(htu=address)).digest == believe(GENUINE).digest


@pytest.mark.parametrize("seconds", [-60, -1, 1, 60])
def test_a_clock_may_be_a_minute_off(seconds: int) -> None:
    proof = believe(with_claims(iat=ISSUED + seconds))
    assert proof.ends == NOW + timedelta(seconds=seconds + 60)


def test_second_signature_of_a_proof_makes_no_second_proof() -> None:
    signature = base64.urlsafe_b64decode(PARTS[2] + "==")
    negated = (P256_ORDER - int.from_bytes(signature[32:])).to_bytes(32)
    malleated = f"{PARTS[0]}.{PARTS[1]}.{encode(signature[:32] + negated)}"
    assert malleated != GENUINE
    assert believe(malleated).digest == believe(GENUINE).digest


def test_one_jti_of_two_keys_is_two_proofs() -> None:
    assert believe(GENUINE).digest != believe(with_claims(jti="another-of-the-same-key")).digest


@given(st.text())
def test_no_text_breaks_the_verifier(text: str) -> None:
    with pytest.raises(TokenError):
        believe(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(HEADER)), JSON)
def test_no_value_in_the_header_breaks_the_verifier(name: str, value: object) -> None:
    if value == HEADER[name]:
        return
    with pytest.raises(TokenError):
        believe(with_header(**{name: value}))


@given(st.sampled_from(["kty", "crv", "x", "y", "d"]), JSON)
def test_no_value_in_the_key_breaks_the_verifier(name: str, value: object) -> None:
    with pytest.raises(TokenError):
        believe(with_key(**{name: value}))


@given(st.sampled_from(sorted(CLAIMS)), JSON)
def test_no_signed_value_breaks_the_verifier(name: str, value: object) -> None:
    try:
        believe(with_claims(**{name: value}))
    except TokenError:
        return
    assert name == "jti" or value == CLAIMS[name]
