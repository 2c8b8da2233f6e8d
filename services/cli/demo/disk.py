"""What lies on the disk: sealed objects, and whether anything readable is among them."""

import mmap
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.cli.demo.files import CaseFile
from services.docs_api.sealing.segments import HEADER_BYTES, SEGMENT_BYTES, sealed_length

SAMPLE_BYTES = 24
SHORTEST_NAME_BYTES = 8  # shorter ones turn up in random bytes by chance
MOST_NEEDLES = 300
SEARCHED_BYTES = 512 * 1024 * 1024  # a search of more would outlast the rest of the demo
_HEAD_BYTES = 256
_OBJECT = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Search:
    """What was searched for in the objects, and in which of them it was found."""

    needles: int
    objects: int
    found_in: tuple[Path, ...]


def sealed_objects(folder: Path) -> list[Path]:
    """Every whole object in a directory store."""
    places = (path for path in folder.glob("?/?/*") if _OBJECT.fullmatch(path.name))
    return sorted(path for path in places if path.stat().st_size >= HEADER_BYTES)


def segments_of(length_bytes: int) -> int:
    """How many objects a file of this length becomes; an empty one is sealed too."""
    return max(1, -(-length_bytes // SEGMENT_BYTES))


def search(objects: Sequence[Path], files: Iterable[CaseFile]) -> Search:
    """Look for the names of the files, and for pieces of their content."""
    needles = _needles(files)
    pattern = re.compile(b"|".join(re.escape(needle) for needle in needles) or b"(?!)")
    searched, found, budget = 0, [], SEARCHED_BYTES
    for path in objects:
        budget -= path.stat().st_size
        if budget < 0:
            break
        searched += 1
        with path.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content:
            if pattern.search(content):
                found.append(path)
    return Search(len(needles), searched, tuple(found))


def show_piece(files: Sequence[CaseFile], objects: Sequence[Path]) -> tuple[CaseFile, Path, bytes] | None:
    """A file with something to see in it, the object it became, and its first bytes.

    Objects have names that say nothing, so the object is found by its length, where only one has it.
    """
    for file in sorted(files, key=lambda file: file.path.suffix.casefold() not in {".pdf", ".eml", ".txt"}):
        fitting = [path for path in objects if path.stat().st_size == sealed_length(file.length_bytes)]
        if file.length_bytes >= _HEAD_BYTES and len(fitting) == 1:
            return file, fitting[0], head(file.path)
    return None


def head(path: Path) -> bytes:
    with path.open("rb") as opened:
        return opened.read(_HEAD_BYTES)


def _needles(files: Iterable[CaseFile]) -> list[bytes]:
    needles: dict[bytes, None] = {}
    for file in files:
        names = (file.name.encode(), file.folder.encode())
        needles |= dict.fromkeys(name for name in names if len(name) >= SHORTEST_NAME_BYTES)
        if file.length_bytes >= SAMPLE_BYTES:
            needles[_sample(file)] = None
    return list(needles)[:MOST_NEEDLES]


def _sample(file: CaseFile) -> bytes:
    """A piece from the middle."""
    with file.path.open("rb") as opened:
        opened.seek((file.length_bytes - SAMPLE_BYTES) // 2)
        return opened.read(SAMPLE_BYTES)
