"""The words of a document, name, folder, tags and note: how they lie in a row, sealed, and are found again.

All are sealed under the matter's names key. Name, folder and each tag have a blind index beside them, by
which equal words are found; a note has none.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from services.docs_api.keychain import Names

NAME_INDEX: Final = "document.name"
FOLDER_INDEX: Final = "document.folder"
TAG_INDEX: Final = "document.tag"
WORDS: Final = ("name", "folder", "tags", "note")


def sealed_words(names: Names, table: str, row: UUID, words: Mapping[str, Any]) -> dict[str, bytes | None]:
    """The `…_sealed` columns of a row of `table` for those of `WORDS` that are given. No words, no value."""
    return {
        f"{field}_sealed": _seal(names, f"{table}.{field}_sealed", row, words[field])
        for field in WORDS
        if field in words
    }


def indexed_words(names: Names, words: Mapping[str, Any]) -> dict[str, object]:
    """The index columns of a document for those of `WORDS` that are given."""
    columns: dict[str, object] = {}
    if "name" in words:
        columns["name_index"] = names.index(NAME_INDEX, words["name"])
    if "folder" in words:
        columns["folder_index"] = names.index(FOLDER_INDEX, words["folder"])
    if "tags" in words:
        columns["tag_indexes"] = [names.index(TAG_INDEX, tag) for tag in words["tags"]]
    return columns


def open_words(names: Names, table: str, row: UUID, columns: Mapping[str, Any]) -> dict[str, Any]:
    """What `sealed_words` sealed.

    Raises:
        FieldError: it was altered or moved.
    """

    def opened(field: str) -> str:
        sealed = columns[f"{field}_sealed"]
        return names.open(f"{table}.{field}_sealed", row, sealed) if sealed is not None else ""

    tags = opened("tags")
    return {
        "name": opened("name"),
        "folder": opened("folder"),
        "tags": json.loads(tags) if tags else [],
        "note": opened("note"),
    }


def _seal(names: Names, place: str, row: UUID, words: str | Sequence[str]) -> bytes | None:
    if place.endswith((".tags_sealed", ".note_sealed")) and not words:
        return None
    text = words if isinstance(words, str) else json.dumps(list(words), ensure_ascii=False)
    return names.seal(place, row, text)
