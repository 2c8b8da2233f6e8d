"""Digest fields of RFC 9530, with the examples that the RFC prints."""

import base64
import hashlib

import pytest

from services.docs_api.transfers.digests import digest_field, parse_digest_fields
from services.kernel.problems import InvalidInput

HELLO = b'{"hello": "world"}\n'
RFC_FIELD = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"


def test_the_example_of_the_rfc_is_read_and_written() -> None:
    digest = hashlib.sha256(HELLO).digest()
    assert digest_field(digest) == RFC_FIELD
    assert parse_digest_fields([("repr-digest", RFC_FIELD)]) == {digest}


def test_other_algorithms_are_ignored() -> None:
    value = f"sha-512=:{base64.b64encode(bytes(64)).decode()}:, {RFC_FIELD}"
    assert parse_digest_fields([("content-digest", value)]) == {hashlib.sha256(HELLO).digest()}
    assert parse_digest_fields([("content-digest", "md5=:AAAA:")]) == frozenset()


def test_all_fields_count() -> None:
    other = digest_field(bytes(32))
    assert len(parse_digest_fields([("content-digest", RFC_FIELD), ("repr-digest", other)])) == 2


@pytest.mark.parametrize(
    "value",
    [
        "",
        "sha-256",
        "sha-256=abc",
        "sha-256=:abc:",
        "sha-256=:AAAA:",
        "sha-256=:AAA=A:",
        f"{RFC_FIELD},",
        RFC_FIELD + RFC_FIELD,
        "x" * 2000,
    ],
)
def test_malformed_fields_are_refused_without_echo(value: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_digest_fields([("repr-digest", value)])
    assert refused.value.members == {
        "errors": [{"in": "header", "pointer": "/repr-digest", "problem": "digest"}]
    }
