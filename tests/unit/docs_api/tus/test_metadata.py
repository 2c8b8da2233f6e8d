"""`Upload-Metadata`: whatever is told is read as it was meant, or refused."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.docs_api.tus.errors import MetadataTooLarge, TusRequestRefused
from services.docs_api.tus.metadata import (
    NAMES,
    document_of,
    format_metadata,
    parse_metadata,
    version_of,
)
from services.kernel.problems import InvalidInput

LIMIT = 4096
TOLD = {"name": "a.txt", "class_id": "pleadings"}
VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


def pair(name: str, value: str) -> str:
    return f"{name} {base64.b64encode(value.encode()).decode()}"


@given(VALUES, VALUES, VALUES, VALUES)
def test_what_is_given_back_is_read_again(name: str, media_type: str, class_id: str, folder: str) -> None:
    document = {"name": name, "media_type": media_type, "class_id": class_id, "folder": folder}
    assert parse_metadata(format_metadata(document), 10_000) == document


@given(st.text(st.characters(max_codepoint=255), max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = parse_metadata(text, LIMIT)
    except TusRequestRefused:
        return
    assert set(found) <= set(NAMES.values())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("filename YQ==", {"name": "a"}),
        ("filename", {"name": ""}),
        ("filename ", {"name": ""}),
        ("filename YQ==,", {"name": "a"}),
        (" filename YQ== , class Yg== ", {"name": "a", "class_id": "b"}),
        ("filename YQ==,name YQ==", {"name": "a"}),
        ("type YQ==,filetype YQ==", {"media_type": "a"}),
    ],
)
def test_what_clients_tell_is_read(text: str, found: dict[str, str]) -> None:
    assert parse_metadata(text, LIMIT) == found


@pytest.mark.parametrize(
    "text",
    [
        "unknown YQ==",
        "Filename YQ==",
        "YQ==",
        " ",
        ", ,",
        "filename YQ",
        "filename YQ===",
        "filename Y Q==",
        "filename  YQ==",
        "filename\tYQ==",
        "filename Y-_=",
        "filename /w==",
        "filename é",
        "filename YQ==,name Yg==",
        "filename YQ==;class Yg==",
    ],
)
def test_what_is_malformed_unknown_or_contradicts_itself_is_refused(text: str) -> None:
    with pytest.raises(TusRequestRefused):
        parse_metadata(text, LIMIT)


def test_it_is_as_long_as_the_limit_and_no_longer() -> None:
    text = pair("filename", "a" * 60)
    assert parse_metadata(text, len(text)) == {"name": "a" * 60}
    with pytest.raises(MetadataTooLarge) as caught:
        parse_metadata(text, len(text) - 1)
    assert caught.value.members == {"limit_bytes": len(text) - 1}


def test_a_document_without_a_type_has_the_one_that_says_nothing() -> None:
    for told in (TOLD, TOLD | {"media_type": ""}):
        document = document_of(told, 7)
        assert (document.name, document.media_type, document.length_bytes) == (
            "a.txt",
            "application/octet-stream",
            7,
        )


@pytest.mark.parametrize(
    "told",
    [
        {"class_id": "pleadings"},
        {"name": "a.txt"},
        TOLD | {"name": ""},
        TOLD | {"name": "a/b"},
        TOLD | {"name": "a\r\nSet-Cookie: b"},
        TOLD | {"name": ".."},
        TOLD | {"folder": "../b"},
        TOLD | {"media_type": "text"},
        TOLD | {"media_type": "text/plain\n"},
        TOLD | {"sha256": "00"},
        TOLD | {"class_id": "Not A Slug"},
    ],
)
def test_a_document_that_could_not_be_is_refused(told: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        document_of(told, 7)


def test_a_version_takes_its_digest_and_leaves_the_document_its_name() -> None:
    digest = "ab" * 32
    version = version_of({"name": "other.txt", "media_type": "text/plain", "sha256": digest}, 7)
    assert (version.length_bytes, version.sha256) == (7, digest)
    assert version_of({}, 0).sha256 is None


@pytest.mark.parametrize("told", [{"class_id": "pleadings"}, {"folder": ""}, {"sha256": "AB" * 32}])
def test_a_version_that_would_be_something_else_is_refused(told: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        version_of(told, 7)
