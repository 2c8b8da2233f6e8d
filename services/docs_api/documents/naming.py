"""Names of documents and folders: judged once, when they come in, so that they can be shown safely for ever.

A name is Unicode in NFC, at most 255 bytes of UTF-8, without path separators, control characters, or
characters that turn the direction of writing; a folder is such names joined by `/`. Nothing is repaired
in silence but the normal form: what does not fit is refused. Tags and notes are judged alike.
"""

import unicodedata
from typing import Final

from pydantic_core import PydanticCustomError

from services.docs_api.wire import has_controls

MAX_NAME_BYTES: Final = 255  # what file systems take
MAX_FOLDERS: Final = 32
MAX_TAGS: Final = 32
_SEPARATORS: Final = ("/", "\\")


def safe_name(text: str) -> str:
    """The NFC form of a document's name.

    Raises:
        PydanticCustomError: it cannot be a name; becomes 422.
    """
    name = unicodedata.normalize("NFC", text)
    if name in {"", ".", ".."} or name.isspace() or has_controls(name):
        raise PydanticCustomError("unsafe_name", "not a safe name")
    if any(separator in name for separator in _SEPARATORS):
        raise PydanticCustomError("unsafe_name", "not a safe name")
    if len(name.encode()) > MAX_NAME_BYTES:
        raise PydanticCustomError("name_too_long", "a name is at most 255 bytes of UTF-8")
    return name


def safe_folder(text: str) -> str:
    """The NFC form of a folder's path; the empty string is the matter's top.

    Raises:
        PydanticCustomError: one of its names cannot be a name, or there are too many; becomes 422.
    """
    if text == "":
        return ""
    names = text.split("/")
    if len(names) > MAX_FOLDERS:
        raise PydanticCustomError("folder_too_deep", "a folder has at most 32 levels")
    return "/".join(safe_name(name) for name in names)


def safe_tag(text: str) -> str:
    """The NFC form of a tag: one line of visible characters.

    Raises:
        PydanticCustomError: it is none; becomes 422.
    """
    tag = unicodedata.normalize("NFC", text)
    if not tag.strip() or tag != tag.strip() or has_controls(tag):
        raise PydanticCustomError("unsafe_tag", "not a safe tag")
    return tag


def without_doubles(tags: list[str]) -> list[str]:
    """The tags, each of them once.

    Raises:
        PydanticCustomError: one is named twice; becomes 422.
    """
    if len(set(tags)) != len(tags):
        raise PydanticCustomError("double_tag", "a tag is named twice")
    return tags


def safe_note(text: str) -> str:
    """The NFC form of a note: lines of text, without control characters but tab and line feed.

    Raises:
        PydanticCustomError: it is none; becomes 422.
    """
    note = unicodedata.normalize("NFC", text)
    if has_controls(note.replace("\n", "").replace("\t", "")):
        raise PydanticCustomError("unsafe_note", "not a safe note")
    return note
