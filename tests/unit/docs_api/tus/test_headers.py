"""Headers of the tus protocol: in one spelling, or refused."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from services.docs_api.tus.errors import TusRequestRefused
from services.docs_api.tus.headers import body_length, checksum_in, number_in, refuse_extensions

DIGEST = hashlib.sha256(b"content").digest()
LATIN = st.text(st.characters(max_codepoint=255))


def told(**values: str) -> Headers:
    return Headers({name.replace("_", "-"): value for name, value in values.items()})


@given(st.integers(0, 10**18 - 1))
def test_a_number_is_read(number: int) -> None:
    assert number_in(told(upload_offset=str(number)), "upload-offset") == number


@pytest.mark.parametrize(
    "text", ["", " ", "-1", "+1", "01", "1.0", "1e3", "0x1", "1_000", "1 ", "1,1", "٣", "²", "9" * 19, "nan"]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    headers = Headers({"upload-offset": text.encode().decode("latin-1")})
    with pytest.raises(TusRequestRefused):
        number_in(headers, "upload-offset")


@given(LATIN)
def test_any_text_is_a_number_or_refused(text: str) -> None:
    try:
        number = number_in(Headers({"upload-length": text}), "upload-length")
    except TusRequestRefused:
        return
    assert str(number) == text


def test_what_is_not_told_is_missing() -> None:
    assert checksum_in(told()) is None
    with pytest.raises(TusRequestRefused):
        number_in(told(), "upload-length")


def test_a_checksum_is_read() -> None:
    encoded = base64.b64encode(DIGEST).decode()
    assert checksum_in(told(upload_checksum=f"sha256 {encoded}")) == DIGEST


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sha256",
        "sha256 ",
        "sha256  " + base64.b64encode(DIGEST).decode(),
        "SHA256 " + base64.b64encode(DIGEST).decode(),
        "sha1 " + base64.b64encode(hashlib.sha1(b"", usedforsecurity=False).digest()).decode(),
        "sha256 " + base64.b64encode(DIGEST[:-1]).decode(),
        "sha256 " + base64.b64encode(DIGEST + b"x").decode(),
        "sha256 " + base64.urlsafe_b64encode(b"\xff" * 32).decode(),
        "sha256 " + DIGEST.hex(),
        "sha256 é",
    ],
)
def test_a_checksum_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(TusRequestRefused):
        checksum_in(told(upload_checksum=text))


@given(LATIN)
def test_any_text_is_a_checksum_or_refused(text: str) -> None:
    try:
        assert len(checksum_in(told(upload_checksum=f"sha256 {text}")) or b"") == 32
    except TusRequestRefused:
        return


@pytest.mark.parametrize(
    ("headers", "length"),
    [
        (told(content_length="7"), 7),
        (told(content_length="0"), 0),
        (told(transfer_encoding="chunked"), None),
        (told(), 0),
    ],
)
def test_the_length_of_a_body(headers: Headers, length: int | None) -> None:
    assert body_length(headers) == length


@pytest.mark.parametrize("name", ["Upload-Defer-Length", "Upload-Concat"])
def test_extensions_that_are_not_served_are_refused(name: str) -> None:
    refuse_extensions(told(upload_length="1"))
    with pytest.raises(TusRequestRefused):
        refuse_extensions(Headers({name: "1"}))
