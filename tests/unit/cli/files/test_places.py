"""Names from elsewhere become files that lead nowhere else, and words that a terminal does not obey."""

from pathlib import Path

import pytest

from services.cli.files.getting import _targets
from services.cli.files.places import MOST_BYTES, is_below, local_name, local_place, visible


@pytest.mark.parametrize(
    ("name", "here"),
    [
        ("claim.pdf", "claim.pdf"),
        ("..", "_."),
        (".bashrc", "_bashrc"),
        ("a/b\\c", "a_b_c"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("a\x1bb\x00", "a_b_"),
        ("name. ", "name"),
    ],
)
def test_a_name_leads_nowhere_else(name: str, here: str) -> None:
    found = local_name(name)
    assert found.strip("_.") == here.strip("_.")
    assert found not in {"", ".", ".."}
    assert not found.startswith(".")
    assert "/" not in found


def test_a_long_name_keeps_its_ending() -> None:
    found = local_name("Ω" * 200 + ".pdf")
    assert found.endswith(".pdf")
    assert len(found.encode()) <= MOST_BYTES


def test_a_place_is_below_its_root() -> None:
    row = {"folder": "../../etc/.ssh", "name": "authorized_keys"}
    place = local_place(Path("/here"), row)
    assert place.is_relative_to("/here")
    assert ".." not in place.parts


def test_every_document_has_a_file_of_its_own() -> None:
    rows = [
        {"id": "1", "folder": "", "name": "a.txt"},
        {"id": "2", "folder": "", "name": "A.txt"},
        {"id": "3", "folder": "", "name": "A (2).txt"},
        {"id": "4", "folder": "", "name": "a.txt"},
    ]
    targets = _targets(Path("here"), rows)
    assert sorted(row["id"] for row in targets.values()) == ["1", "2", "3", "4"]
    assert len({str(path).casefold() for path in targets}) == len(rows)


def test_what_a_terminal_obeys_is_not_shown() -> None:
    assert visible("a\x1b]0;x\x07b\x9b31m\u202ec") == "a\ufffd]0;x\ufffdb\ufffd31m\ufffdc"


@pytest.mark.parametrize(
    ("place", "found"), [("", True), ("a", True), ("a/b", True), ("a/b/c.txt", True), ("a/bb", False)]
)
def test_a_place_is_a_folder_or_a_document(place: str, *, found: bool) -> None:
    assert is_below({"folder": "a/b", "name": "c.txt"}, place) is found
