"""Where things are: matters by number or id, folders there, and safe places for them here."""

import re
from pathlib import Path
from typing import Any
from uuid import UUID

from clients.python.redwell_client import ProblemError, Redwell

_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\/]')
_OBEYED = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")
MOST_BYTES = 200
"""A name keeps room for what is put beside it while it comes."""


def visible(text: str) -> str:
    """`text` without characters that a terminal obeys."""
    return _OBEYED.sub("\ufffd", text)


class PlaceError(Exception):
    """One sentence on what is not there."""


def find_matter(client: Redwell, named: str) -> dict[str, Any]:
    """The matter of this number or id.

    Raises:
        PlaceError: one sees none.
    """
    try:
        return client.call("GET", f"/v1/matters/{UUID(named)}")
    except ValueError:
        found = [row for row in client.pages("/v1/matters", limit="200") if row["number"] == named]
    except ProblemError as refused:
        if refused.slug != "not-found":
            raise
        found = []
    if not found:
        raise PlaceError(f"There is no matter {named} that you may see; redwell ls lists yours.")
    return found[0]


def is_below(document: dict[str, Any], place: str) -> bool:
    """Whether a document is `place`, or in that folder or one below it."""
    path = f"{document['folder']}/{document['name']}".lstrip("/")
    place = place.strip("/")
    return place in ("", path) or path.startswith(f"{place}/")


def local_place(root: Path, document: dict[str, Any]) -> Path:
    """A file below `root`, whatever the document and its folders are called there."""
    parts = [part for part in document["folder"].split("/") if part]
    return root.joinpath(*map(local_name, parts), local_name(document["name"]))


def local_name(name: str) -> str:
    """A name that every file system takes, and that leads nowhere else."""
    safe = _UNSAFE.sub("_", name).strip(" ")
    if safe.startswith("."):  # what begins so is hidden, and often obeyed
        safe = f"_{safe[1:]}"
    if safe.strip("._") == "" or _RESERVED.fullmatch(safe):
        safe = f"_{safe}"
    stem, dot, ending = safe.rpartition(".")
    while len(safe.encode()) > MOST_BYTES:
        if dot and stem and len(ending.encode()) < MOST_BYTES // 2:
            stem = stem[:-1]
            safe = f"{stem}.{ending}"
        else:
            safe = safe[:-1]
    return safe.rstrip(". ") or "_"
