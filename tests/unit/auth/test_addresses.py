import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.auth.addresses import normalise


@pytest.mark.parametrize(
    ("given_address", "spelling"),
    [
        ("Ada@Example.COM", "ada@example.com"),
        ("o'brien+cases@sub.example.org", "o'brien+cases@sub.example.org"),
        ("zoe\u0308@example.com", "zo\u00eb@example.com"),
        ("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
        ("a@b.co", "a@b.co"),
    ],
)
def test_each_address_has_one_spelling(given_address: str, spelling: str) -> None:
    assert normalise(given_address) == spelling


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "@example.com",
        "ada@",
        "ada@example",
        "ada@-example.com",
        "ada@exa mple.com",
        "a da@example.com",
        "ada@bücher.example",
        "ada@example.com\r\nBcc: x@example.com",
        "ada\u202e@example.com",
        "ada@b@example.com",
        "<ada@example.com>",
        "ada@example.com.",
        "x" * 65 + "@example.com",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an e-mail address"):
        normalise(text)


@given(st.text(max_size=40))
def test_normalising_twice_changes_nothing(text: str) -> None:
    try:
        once = normalise(f"{text}@example.com")
    except ValueError:
        return
    assert unicodedata.is_normalized("NFC", once)
    assert normalise(once) == once
