"""What may be a name, and what is refused at the door."""

import pytest
from pydantic_core import PydanticCustomError

from services.docs_api.documents.naming import (
    MAX_FOLDERS,
    MAX_NAME_BYTES,
    safe_folder,
    safe_name,
    safe_note,
    safe_tag,
)


@pytest.mark.parametrize(
    "name",
    [
        "brief.pdf",
        "Exhibit 12 (final).docx",
        'He said "no".txt',
        "договор.pdf",
        "証拠 三.tiff",
        "...",
        "👩‍⚖️.txt",
        "a" * MAX_NAME_BYTES,
    ],
)
def test_names_of_case_files_are_kept_as_they_are(name: str) -> None:
    assert safe_name(name) == name


def test_names_are_kept_in_nfc() -> None:
    assert safe_name("Cafe\u0301.txt") == "Caf\u00e9.txt"


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        " ",
        "\u3000",
        "a/b",
        "a\\b",
        "a\0b",
        "a\r\nSet-Cookie: x",
        "tab\there",
        "\x7f",
        "\x85",
        "invoice\u202efdp.exe",
        "\u2066x\u2069",
        "\u200fx",
        "line\u2028break",
        "a" * (MAX_NAME_BYTES + 1),
        "é" * 128,
    ],
)
def test_what_is_no_safe_name_is_refused(name: str) -> None:
    with pytest.raises(PydanticCustomError):
        safe_name(name)


@pytest.mark.parametrize(
    "folder", ["", "Pleadings", "Discovery/2026-05 réponses", "/".join(["x"] * MAX_FOLDERS)]
)
def test_folders_are_joined_names(folder: str) -> None:
    assert safe_folder(folder) == folder


@pytest.mark.parametrize(
    "folder", ["/", "/a", "a/", "a//b", "a/../b", "./a", "a\\b", "/".join(["x"] * (MAX_FOLDERS + 1))]
)
def test_folders_that_climb_or_begin_anywhere_are_refused(folder: str) -> None:
    with pytest.raises(PydanticCustomError):
        safe_folder(folder)


@pytest.mark.parametrize("tag", ["", " ", " a", "a ", "a\nb", "a\tb", "a\u202eb", "a\0b"])
def test_a_tag_is_one_line_of_visible_characters(tag: str) -> None:
    with pytest.raises(PydanticCustomError):
        safe_tag(tag)


def test_a_note_has_lines_and_tabs_but_nothing_that_turns_them() -> None:
    assert safe_note("Cafe\u0301\n\tand more") == "Caf\u00e9\n\tand more"
    for bad in ("a\rb", "a\0b", "a\u2066b"):
        with pytest.raises(PydanticCustomError):
            safe_note(bad)
