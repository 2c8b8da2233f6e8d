"""Names of files in an archive: safe to unpack on any system, and no two of them one file. Pure.

Document names are judged when they come in (`documents/naming.py`), but what a vault takes, Windows may not:
device names, `:`, a dot at the end, two names that differ only in case. Nothing here is a way out of the
folder that is unpacked into: no absolute path, no `..`, no backslash, no control character.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

MAX_COMPONENT_BYTES = 255
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069<>:"|?*\\/]')
_DIGIT = "[0-9\u00b9\u00b2\u00b3]"
_DEVICE = re.compile(rf"(con|prn|aux|nul|conin\$|conout\$|(com|lpt){_DIGIT})(\..*)?", re.IGNORECASE)


def archive_paths(places: Sequence[tuple[str, str]], taken: Iterable[str] = ()) -> list[str]:
    """For each folder and name a path below the archive's top, in the same order.

    Args:
        places: folder, as documents have it, and name.
        taken: paths that are none of theirs.
    """
    used = {_key(path) for path in taken}
    folders = [_beside(used, folder) for folder, _ in places]
    # A file must not have the path of a folder that others lie in.
    used |= {_key("/".join(parts[:depth])) for parts in folders for depth in range(1, len(parts) + 1)}
    numbers: Counter[str] = Counter()
    return [
        _take("/".join((*parts, "")), safe_component(name), used, numbers)
        for parts, (_, name) in zip(folders, places, strict=True)
    ]


def _beside(taken: set[str], folder: str) -> tuple[str, ...]:
    """The names of a folder, of which the first is none that is taken."""
    parts = tuple(map(safe_component, filter(None, folder.split("/"))))
    while parts and _key(parts[0]) in taken:
        parts = (_shortened(parts[0], "_"), *parts[1:])
    return parts


def safe_component(name: str) -> str:
    """A file's or a folder's name that every system takes."""
    safe = _UNSAFE.sub("_", unicodedata.normalize("NFC", name)).strip(" ")
    if safe.endswith("."):
        safe = f"{safe.rstrip('. ')}_"
    if safe == "" or _DEVICE.fullmatch(safe):
        safe = f"_{safe}"
    return _shortened(safe, "")


def _take(prefix: str, name: str, used: set[str], numbers: Counter[str]) -> str:
    """The name itself, or the first of its numbered kin, that is not used; now it is.

    `numbers` has how far one has come with each name, so that a thousand alike are not tried anew each time.
    """
    path = wanted = prefix + name
    while _key(path) in used:
        numbers[_key(wanted)] += 1
        path = prefix + _shortened(name, f" ({numbers[_key(wanted)] + 1})")
    used.add(_key(path))
    return path


def _shortened(name: str, mark: str) -> str:
    """The name with `mark` before its ending, and no longer than a file's name may be."""
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending.encode()) > MAX_COMPONENT_BYTES // 2:
        stem, dot, ending = name, "", ""
    rest = f"{mark}{dot}{ending}"
    room = MAX_COMPONENT_BYTES - len(rest.encode())
    short = stem.encode()[:room].decode(errors="ignore")
    return short + rest if rest else short.rstrip(". ")


def _key(path: str) -> str:
    """Equal for paths that are one file on a system that ignores case."""
    return unicodedata.normalize("NFC", path.casefold())
