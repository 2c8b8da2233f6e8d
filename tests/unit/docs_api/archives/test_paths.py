"""Paths in an archive: nothing leads out, nothing is a device, no two are one file."""

import pytest

from services.docs_api.archives.paths import MAX_COMPONENT_BYTES, archive_paths, safe_component


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("claim.pdf", "claim.pdf"),
        ("Ärger лист.txt", "Ärger лист.txt"),
        ("..", "_"),
        (".", "_"),
        ("...", "_"),
        ("", "_"),
        ("   ", "_"),
        ("/etc/passwd", "_etc_passwd"),
        ("..\\..\\x", ".._.._x"),
        ('a:b*c?d"e<f>g|h', "a_b_c_d_e_f_g_h"),
        ("bell\x07\u202egpj.exe", "bell__gpj.exe"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("com1", "_com1"),
        ("LPT9.tar.gz", "_LPT9.tar.gz"),
        ("console.txt", "console.txt"),
        ("ends. . ", "ends_"),
        ("e\u0301", "\u00e9"),
    ],
)
def test_a_name_is_one_that_every_system_takes(name: str, safe: str) -> None:
    assert safe_component(name) == safe


def test_a_long_name_keeps_its_ending() -> None:
    safe = safe_component("ж" * 200 + ".pdf")
    assert len(safe.encode()) <= MAX_COMPONENT_BYTES
    assert safe.endswith("ж.pdf")


def test_names_that_are_one_file_somewhere_are_numbered() -> None:
    places = [
        ("", "a.txt"),
        ("", "A.TXT"),
        ("", "a (2).txt"),
        ("", "a.txt"),
        ("x", "a.txt"),
        ("", "a?b"),
        ("", "a*b"),
    ]
    assert archive_paths(places) == [
        "a.txt",
        "A (2).TXT",
        "a (2) (2).txt",
        "a (3).txt",
        "x/a.txt",
        "a_b",
        "a_b (2)",
    ]


def test_a_file_has_never_the_path_of_a_folder() -> None:
    assert archive_paths([("x/y", "a"), ("", "X"), ("x", "y")]) == ["x/y/a", "X (2)", "x/y (2)"]


def test_what_is_taken_is_taken() -> None:
    assert archive_paths([("", "Manifest.json")], ["manifest.json"]) == ["Manifest (2).json"]


def test_thousands_alike_are_numbered_in_turn() -> None:
    paths = archive_paths([("f", "same.pdf")] * 5000)
    assert len(set(paths)) == 5000
    assert paths[-1] == "f/same (5000).pdf"


def test_a_numbered_name_is_not_too_long_either() -> None:
    paths = archive_paths([("", "x" * 251 + ".pdf")] * 20)
    assert len(set(paths)) == 20
    assert max(len(path.encode()) for path in paths) <= MAX_COMPONENT_BYTES


def test_folders_lead_nowhere_else() -> None:
    assert archive_paths([("../..//./etc", "passwd")]) == ["_/_/_/etc/passwd"]


def test_a_folder_is_not_called_as_what_is_taken() -> None:
    paths = archive_paths([("Manifest.json", "a.txt"), ("Manifest.json/deep", "b.txt")], ["manifest.json"])
    assert paths == ["Manifest_.json/a.txt", "Manifest_.json/deep/b.txt"]
