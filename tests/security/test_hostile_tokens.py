"""No token of the hostile corpus is believed, and none breaks the verifier.

Each one must be refused by `TokenError` and by nothing else: any other exception would be a 500.
"""

import base64
import hashlib
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.keys.assertions import (
    AssertedRequest,
    Assertion,
    assertion_verifier,
    mint_assertion,
    verify_assertion,
)
from services.keys.keyring import keyring_of
from services.keys.verification import TokenError, TokenVerifier
from tests.security.hostile_tokens import (
    ALGORITHMS,
    AUDIENCE,
    CLAIMS,
    GENUINE,
    HEADER,
    HEADERS,
    ISSUED,
    ISSUER,
    KEY,
    NOW,
    OTHER,
    P256_ORDER,
    PARTS,
    PAYLOADS,
    SPELLINGS,
    encode,
    with_claims,
    with_header,
)

LIFETIMES = {"at+jwt": 600, "enrol+jwt": 600, "rw-int+jwt": 30, "mfa+jwt": 300}
VERIFIER = TokenVerifier(keyring_of([KEY, OTHER]), issuer=ISSUER, lifetimes=LIFETIMES)


def believe(hostile: str) -> object:
    return VERIFIER.verify(hostile, typ="at+jwt", audience=AUDIENCE, now=NOW)


def test_the_token_the_corpus_varies_is_genuine() -> None:
    assert believe(GENUINE) == CLAIMS


@pytest.mark.parametrize("corpus", [ALGORITHMS, HEADERS, PAYLOADS, SPELLINGS])
def test_corpus_is_not_empty_and_each_entry_is_its_own(corpus: dict[str, str]) -> None:
    assert len(corpus) >= 20
    assert len(set(corpus.values())) == len(corpus)
    assert GENUINE not in corpus.values()


@pytest.mark.parametrize("name", ALGORITHMS)
def test_algorithm_and_key_are_not_the_token_s_choice(name: str) -> None:
    with pytest.raises(TokenError):
        believe(ALGORITHMS[name])


@pytest.mark.parametrize("name", HEADERS)
def test_header_says_three_things_and_no_more(name: str) -> None:
    with pytest.raises(TokenError):
        believe(HEADERS[name])


@pytest.mark.parametrize("name", PAYLOADS)
def test_claims_are_complete_and_of_their_type_even_when_signed(name: str) -> None:
    with pytest.raises(TokenError):
        believe(PAYLOADS[name])


@pytest.mark.parametrize("name", SPELLINGS)
def test_token_has_one_spelling(name: str) -> None:
    with pytest.raises(TokenError):
        believe(SPELLINGS[name])


LOOSE_PARTS = [part for part in range(3) if len(PARTS[part]) % 4]
"""Parts whose last character has bits that say nothing. The signature, 64 bytes, is always one."""


@pytest.mark.parametrize("part", LOOSE_PARTS)
def test_unused_bits_of_the_encoding_are_zero(part: int) -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert 2 in LOOSE_PARTS
    last = alphabet.index(PARTS[part][-1])
    spelt = [*PARTS]
    spelt[part] = PARTS[part][:-1] + alphabet[last + 1]
    with pytest.raises(TokenError):
        believe(".".join(spelt))


def test_second_signature_of_a_token_makes_no_second_token() -> None:
    """Whoever holds a token can negate `s`: its identity is its `jti`, never its bytes."""
    r, s = PARTS[2], base64.urlsafe_b64decode(PARTS[2] + "==")[32:]
    negated = (P256_ORDER - int.from_bytes(s)).to_bytes(32)
    malleated = encode(base64.urlsafe_b64decode(r + "==")[:32] + negated)
    assert believe(f"{PARTS[0]}.{PARTS[1]}.{malleated}") == CLAIMS
    assert hashlib.sha256(malleated.encode()) != hashlib.sha256(PARTS[2].encode())


KINDS = [
    "at+jwt",
    "enrol+jwt",
    "mfa+jwt",
    "rw-int+jwt",
    "JWT",
    "rt+jwt",
    "dpop+jwt",
    "AT+JWT",
    "application/at+jwt",
    "",
]


@pytest.mark.parametrize(("made", "wanted"), [pair for pair in product(KINDS, KINDS) if pair[0] != pair[1]])
def test_token_of_one_type_is_never_taken_for_another(made: str, wanted: str) -> None:
    hostile = KEY.sign(made, CLAIMS | {"exp": ISSUED + 30})
    with pytest.raises(TokenError, match="wrong-type"):
        VERIFIER.verify(hostile, typ=wanted, audience=AUDIENCE, now=NOW)


def test_type_nobody_issues_is_not_accepted_though_asked_for() -> None:
    with pytest.raises(TokenError, match="wrong-type"):
        VERIFIER.verify(KEY.sign("JWT", CLAIMS), typ="JWT", audience=AUDIENCE, now=NOW)


def test_access_token_is_no_assertion_and_an_assertion_no_access_token() -> None:
    request = AssertedRequest("docs", "GET", b"/v1/documents", "r", "list_documents")
    assertions = assertion_verifier(keyring_of([OTHER]))
    with pytest.raises(TokenError):
        verify_assertion(assertions, GENUINE, request, NOW)
    with pytest.raises(TokenError):
        believe(mint_assertion(KEY, Assertion(request), NOW))


@given(st.text())
def test_no_text_breaks_the_verifier(text: str) -> None:
    with pytest.raises(TokenError):
        believe(text)


@given(
    st.binary(min_size=15, max_size=380),
    st.binary(min_size=15, max_size=2000),
    st.binary(min_size=64, max_size=64),
)
def test_no_bytes_in_the_form_of_a_token_break_the_verifier(
    header: bytes, payload: bytes, end: bytes
) -> None:
    with pytest.raises(TokenError):
        believe(f"{encode(header)}.{encode(payload)}.{encode(end)}")


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


@given(st.sampled_from(sorted(CLAIMS)), JSON)
def test_no_signed_value_breaks_the_verifier(name: str, value: object) -> None:
    try:
        believed = believe(with_claims(**{name: value}))
    except TokenError:
        return
    assert believed == CLAIMS | {name: value}
