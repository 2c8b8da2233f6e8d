"""`Upload-Metadata`: pairs of a name and a base64 value; names that are not known here are refused. Pure."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from services.docs_api.documents.schemas import DEFAULT_MEDIA_TYPE, NewDocument, NewVersion
from services.docs_api.refusals import invalid
from services.docs_api.tus.errors import MetadataTooLarge, TusRequestRefused

NAMES = {
    "filename": "name",
    "name": "name",
    "filetype": "media_type",
    "type": "media_type",
    "class": "class_id",
    "folder": "folder",
    "sha256": "sha256",
}
"""What clients call it -> what it is of a document. Clients of the tus protocol send the first of each."""
_OF_THE_DOCUMENT = frozenset({"class_id", "folder"})
_FIELD = "/upload-metadata"


def parse_metadata(text: str, limit_bytes: int) -> dict[str, str]:
    """The values, by what they are of a document.

    Raises:
        MetadataTooLarge: it is longer than `limit_bytes`.
        TusRequestRefused: it is malformed, names something unknown, or one thing twice with different values.
    """
    if len(text) > limit_bytes:
        raise MetadataTooLarge(limit_bytes=limit_bytes)
    found: dict[str, str] = {}
    for pair in filter(None, text.split(",")):
        name, _, encoded = pair.strip(" ").partition(" ")
        if name not in NAMES:
            raise TusRequestRefused
        value = _decoded(encoded)
        if found.setdefault(NAMES[name], value) != value:
            raise TusRequestRefused
    return found


def document_of(metadata: Mapping[str, str], length_bytes: int) -> NewDocument:
    """The document that is announced (raises InvalidInput: a value does not fit, or one is missing)."""
    told: dict[str, Any] = {**metadata, "length_bytes": length_bytes}
    if not told.get("media_type"):
        # Clients send an empty type where they know none.
        told["media_type"] = DEFAULT_MEDIA_TYPE
    try:
        return NewDocument.model_validate(told)
    except ValidationError as error:
        raise invalid(_FIELD, str(error.errors()[0]["type"]), where="header") from None


def version_of(metadata: Mapping[str, str], length_bytes: int) -> NewVersion:
    """The version that is announced. What clients tell of themselves, name and type, stays the document's.

    Raises:
        InvalidInput: a value does not fit, or is what only a change of the document makes different.
    """
    if metadata.keys() & _OF_THE_DOCUMENT:
        raise invalid(_FIELD, "document", where="header")
    try:
        return NewVersion.model_validate({"length_bytes": length_bytes, "sha256": metadata.get("sha256")})
    except ValidationError as error:
        raise invalid(_FIELD, str(error.errors()[0]["type"]), where="header") from None


def format_metadata(document: Mapping[str, str]) -> str:
    """The one spelling in which it is given back."""
    names = {"name": "filename", "media_type": "filetype", "class_id": "class", "folder": "folder"}
    pairs = ((names[key], document[key]) for key in names)
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}".rstrip() for name, value in pairs)


def _decoded(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise TusRequestRefused from None
