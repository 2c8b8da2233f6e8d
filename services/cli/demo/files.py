"""The files a demo plays with: the sample matter, or what the user named, each with its folder and class."""

import os
import stat
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from pydantic_core import PydanticCustomError

from services.docs_api.documents.naming import safe_folder, safe_name

SAMPLE = Path(__file__).resolve().parents[3] / "examples" / "matter"
PRIVILEGED = "privileged"
CLASSES = {
    "pleadings": "Pleadings",
    "correspondence": "Correspondence",
    "evidence": "Evidence",
    PRIVILEGED: "Privileged: never leaves the firm",
}
_MAIL = frozenset({".eml", ".msg", ".mbox"})
_PICTURES = frozenset({".bmp", ".csv", ".gif", ".heic", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".xlsx"})


class FilesError(Exception):
    """One sentence on why these files cannot be played with."""


class UnusableNameError(FilesError):
    """A file whose name, or that of a folder around it, no document can have."""


Skip = Callable[[str], None]
"""Is told, in a sentence each, what is left out."""


@dataclass(frozen=True)
class CaseFile:
    """A file on its way into the matter."""

    path: Path
    folder: str
    class_id: str
    length_bytes: int

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def shown(self) -> str:
        """Folder and name, as a person would say it."""
        return f"{self.folder}/{self.name}" if self.folder else self.name


def gather(paths: Sequence[Path], skip: Skip) -> list[CaseFile]:
    """The files of `paths`, or of the sample where there are none.

    `skip` is told of each file of a folder that is left out; one that was named itself is not.

    Raises:
        FilesError: something is missing, unreadable, named as nothing can be, or there twice.
    """
    found = list(_all(paths, skip) if paths else _below(SAMPLE, "", skip))
    if not found:
        raise FilesError("There is no file in what you named.")
    _refuse_duplicates(found)
    return _with_privileged(found)


def paths_of(words: Sequence[str]) -> list[Path]:
    """What a person named.

    Raises:
        FilesError: a word is empty, as that of a variable that is not set.
    """
    if not all(words):
        raise FilesError("A path is empty; name a file or a folder, or nothing for the sample matter.")
    return [Path(word) for word in words]


def _all(paths: Sequence[Path], skip: Skip) -> Iterator[CaseFile]:
    for path in paths:
        kind = _kind(path)
        if stat.S_ISDIR(kind):
            yield from _below(path, path.resolve().name, skip)
        elif stat.S_ISREG(kind):
            yield _case_file(path, "")
        else:
            raise FilesError(f"{_printable(path)} is neither a file nor a folder.")


def _below(top: Path, folder: str, skip: Skip) -> Iterator[CaseFile]:
    """Every regular file below a folder, in the order of names; links to folders are not followed."""
    for here, folders, names in os.walk(top, onerror=_unreadable):
        folders.sort()
        place = (PurePosixPath(folder) / Path(here).relative_to(top)).as_posix()
        for name in sorted(names):
            path = Path(here, name)
            if path.is_symlink() and not _leads_inside(path, top):
                skip(f"{_printable(path)} is a link to what is not in the folder; it is left out.")
                continue
            try:
                if stat.S_ISREG(_kind(path)):
                    yield _case_file(path, "" if place == "." else place)
            except UnusableNameError as error:
                skip(f"{error} It is left out.")


def _leads_inside(link: Path, top: Path) -> bool:
    """Who names a folder means what lies in it, not what a link in it leads to elsewhere."""
    return link.exists() and Path(os.path.realpath(link)).is_relative_to(os.path.realpath(top))


def _case_file(path: Path, folder: str) -> CaseFile:
    try:
        safe_name(path.name)
        safe_folder(folder)
    except (PydanticCustomError, UnicodeEncodeError):
        raise UnusableNameError(
            f"{_printable(path)} has a name that no document can have: a name is text of at most 255 bytes "
            "without control characters or backslashes."
        ) from None
    try:
        with path.open("rb") as opened:
            length = os.fstat(opened.fileno()).st_size
    except OSError as error:
        _unreadable(error)
        raise  # not reached: the line above raises
    return CaseFile(path, folder, class_of(PurePosixPath(folder) / path.name), length)


def class_of(place: PurePosixPath) -> str:
    """The class that the names of folders say, innermost first, or else the kind of file."""
    for folder in reversed(place.parts[:-1]):
        for class_id in CLASSES:
            if class_id in folder.casefold():
                return class_id
    if place.suffix.casefold() in _MAIL:
        return "correspondence"
    return "evidence" if place.suffix.casefold() in _PICTURES else "pleadings"


def _with_privileged(files: Sequence[CaseFile]) -> list[CaseFile]:
    """Something must be held back to be refused, and something granted; one file alone is granted."""
    held = [file for file in files if file.class_id == PRIVILEGED]
    if held and len(held) < len(files):
        return list(files)
    if len(files) == 1 or held:
        files = [replace(file, class_id="pleadings") for file in files]
    if len(files) == 1:
        return list(files)
    return [*files[:-1], replace(files[-1], class_id=PRIVILEGED)]


def _refuse_duplicates(files: Iterable[CaseFile]) -> None:
    seen: dict[str, CaseFile] = {}
    for file in files:
        place = unicodedata.normalize("NFC", file.shown)
        if place in seen:
            raise FilesError(
                f"Two files would both be called {place!r} in the matter: {_printable(seen[place].path)} and "
                f"{_printable(file.path)}. Rename one, or put them into folders and name the folders."
            )
        seen[place] = file


def _kind(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError as error:
        _unreadable(error)
        raise  # not reached: the line above raises


def _unreadable(error: OSError) -> None:
    raise FilesError(f"{_printable(error.filename)} cannot be read: {error.strerror}.") from error


def _printable(path: object) -> str:
    """Names may hold bytes that are no text, or characters that would write over the terminal."""
    text = os.fsencode(str(path)).decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else "�" for letter in text)
