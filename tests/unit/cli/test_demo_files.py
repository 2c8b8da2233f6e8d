"""Which files a demo takes, what it makes of their names and folders, and which it refuses in a sentence."""

import os
from pathlib import Path, PurePosixPath

import pytest

from services.cli.demo.files import CaseFile, FilesError, class_of, gather, paths_of


def _write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def _classes(files: list[CaseFile]) -> dict[str, str]:
    return {file.shown: file.class_id for file in files}


def test_without_paths_it_is_the_sample_matter() -> None:
    files = taken([])
    assert {file.class_id for file in files} == {"pleadings", "correspondence", "evidence", "privileged"}
    assert "03 Evidence/Temperature" in {file.folder for file in files}
    assert 0 in {file.length_bytes for file in files}


def test_folders_are_kept_and_begin_with_the_one_named(tmp_path: Path) -> None:
    _write(tmp_path, "case/b.txt", "case/deep/er/a.txt")
    assert [file.shown for file in taken([tmp_path / "case"])] == ["case/b.txt", "case/deep/er/a.txt"]


def test_a_file_named_alone_has_no_folder_and_is_not_held_back(tmp_path: Path) -> None:
    _write(tmp_path, "Privileged/memo.txt")
    assert _classes(taken([tmp_path / "Privileged/memo.txt"])) == {"memo.txt": "pleadings"}


def test_where_nothing_is_privileged_the_last_file_plays_it(tmp_path: Path) -> None:
    _write(tmp_path, "a.eml", "b.png", "c.txt")
    classes = _classes(taken([tmp_path / name for name in ("a.eml", "b.png", "c.txt")]))
    assert classes == {"a.eml": "correspondence", "b.png": "evidence", "c.txt": "privileged"}


def test_where_all_is_privileged_only_the_last_file_stays_so(tmp_path: Path) -> None:
    _write(tmp_path, "privileged/a.txt", "privileged/b.txt")
    assert list(_classes(taken([tmp_path / "privileged"])).values()) == ["pleadings", "privileged"]


@pytest.mark.parametrize(
    ("place", "class_id"),
    [
        ("x/01 PLEADINGS/a.eml", "pleadings"),
        ("Evidence/Privileged notes/a.txt", "privileged"),
        ("letters/a.MSG", "correspondence"),
        ("a.tiff", "evidence"),
        ("privileged.txt", "pleadings"),
    ],
)
def test_a_class_comes_from_the_innermost_folder_or_else_from_the_kind(place: str, class_id: str) -> None:
    assert class_of(PurePosixPath(place)) == class_id


def taken(paths: list[Path], skipped: list[str] | None = None) -> list[CaseFile]:
    return gather(paths, ([] if skipped is None else skipped).append)


def test_a_link_out_of_the_folder_is_named_and_left_out(tmp_path: Path) -> None:
    _write(tmp_path, "case/a.txt", "secret.txt")
    (tmp_path / "case/b.txt").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "case/c.txt").symlink_to(tmp_path / "nothing")
    (tmp_path / "case/d.txt").symlink_to(tmp_path / "case/d.txt")
    skipped: list[str] = []
    assert [file.name for file in taken([tmp_path / "case"], skipped)] == ["a.txt"]
    assert [sentence.partition(" ")[0][-5:] for sentence in skipped] == ["b.txt", "c.txt", "d.txt"]


def test_an_unusable_name_in_a_folder_is_named_and_left_out(tmp_path: Path) -> None:
    _write(tmp_path, "case/a.txt", "case/line\nbreak.txt")
    skipped: list[str] = []
    assert [file.name for file in taken([tmp_path / "case"], skipped)] == ["a.txt"]
    (sentence,) = skipped
    assert "a name that no document can have" in sentence
    assert sentence.isprintable()


def test_an_empty_path_is_refused() -> None:
    with pytest.raises(FilesError, match=r"A path is empty"):
        paths_of(["a", ""])
    assert paths_of(["a"]) == [Path("a")]


def test_links_are_read_but_linked_folders_not_walked(tmp_path: Path) -> None:
    _write(tmp_path, "case/a.txt")
    (tmp_path / "case/b.txt").symlink_to(tmp_path / "case/a.txt")
    (tmp_path / "case/loop").symlink_to(tmp_path)
    assert [file.name for file in taken([tmp_path / "case"])] == ["a.txt", "b.txt"]


def test_the_same_name_twice_is_refused(tmp_path: Path) -> None:
    _write(tmp_path, "one/Ä.txt", "two/A\u0308.txt")
    with pytest.raises(FilesError, match=r"Two files would both be called 'Ä.txt'"):
        taken([tmp_path / "one/Ä.txt", tmp_path / "two/A\u0308.txt"])


@pytest.mark.parametrize("name", ["line\nbreak.txt", "back\\slash.txt", "turned\u202etxt.exe"])
def test_a_name_that_no_document_can_have_is_refused(tmp_path: Path, name: str) -> None:
    _write(tmp_path, name)
    with pytest.raises(FilesError, match="a name that no document can have") as refused:
        taken([tmp_path / name])
    assert str(refused.value).isprintable()


def test_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.txt"))
    path.write_text("")
    with pytest.raises(FilesError, match="a name that no document can have"):
        taken([path])


def test_what_is_missing_empty_or_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FilesError, match="nothing cannot be read: No such file"):
        taken([tmp_path / "nothing"])
    with pytest.raises(FilesError, match="There is no file in what you named"):
        taken([tmp_path])
    with pytest.raises(FilesError, match="pipe is neither a file nor a folder"):
        taken([tmp_path / "pipe"])


def test_an_unreadable_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(tmp_path, "secret.txt")

    def refuse(path: Path, _mode: str) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    # Root may read everything, so the answer of the system is replaced.
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(FilesError, match=r"secret.txt cannot be read: Permission denied\."):
        taken([tmp_path / "secret.txt"])
