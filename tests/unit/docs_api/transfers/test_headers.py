"""The header that content goes out with: no stored name can break it, and no browser runs what it says."""

from email.message import Message
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.docs_api.transfers.headers import disposition, served_type


def test_a_name_goes_out_exactly_and_in_ascii() -> None:
    assert disposition('Zeugnis "A" - 文.pdf') == (
        "attachment; filename=\"Zeugnis _A_ - _.pdf\"; filename*=UTF-8''Zeugnis%20%22A%22%20-%20%E6%96%87.pdf"
    )


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=100))
def test_any_name_makes_one_header_that_reads_back(name: str) -> None:
    value = disposition(name)
    assert value.isascii()
    assert value.isprintable()
    message = Message()
    message["Content-Disposition"] = value
    assert message.get_content_disposition() == "attachment"
    assert unquote(value.partition("filename*=UTF-8''")[2]) == name


@pytest.mark.parametrize("media_type", ["application/pdf", "image/png", "text/plain"])
def test_inert_types_are_served_as_they_are(media_type: str) -> None:
    assert served_type(media_type) == media_type


@pytest.mark.parametrize(
    "media_type", ["text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "message/rfc822"]
)
def test_types_that_a_browser_could_run_are_served_as_bytes(media_type: str) -> None:
    assert served_type(media_type) == "application/octet-stream"
