"""How content goes out: as an attachment, under a type that no browser runs, with its digest.

Sources: RFC 6266 and RFC 8187 (`Content-Disposition`), RFC 9530 (`Repr-Digest`), RFC 9110 (`ETag`,
`Content-Range`). `no-store`, `nosniff` and
the sandbox come with every answer (`kernel/http/admission.py`).
"""

import re
from urllib.parse import quote

from fastapi import Response

from services.docs_api.conditions import ByteRange, quoted
from services.docs_api.documents.schemas import DEFAULT_MEDIA_TYPE, DocumentView, VersionView
from services.docs_api.transfers.digests import digest_field

_SAFE_TYPES = frozenset(
    {
        "application/msword",
        "application/pdf",
        "application/vnd.ms-excel",
        "application/vnd.ms-outlook",
        "application/vnd.ms-powerpoint",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/zip",
        "image/gif",
        "image/jpeg",
        "image/png",
        "image/tiff",
        "text/plain",
    }
)
_UNQUOTABLE = re.compile(r'[^ !#-$&-\[\]-~]|"|%|\\')
_ATTRIBUTE_CHARACTERS = "!#$&+-.^_`|~"  # RFC 8187 attr-char, beside letters and digits


def disposition(name: str) -> str:
    """`Content-Disposition` for a document's name: the name itself, and for old clients its ASCII shadow."""
    shadow = _UNQUOTABLE.sub("_", name)
    exact = quote(name, safe=_ATTRIBUTE_CHARACTERS)
    return f"attachment; filename=\"{shadow}\"; filename*=UTF-8''{exact}"


def served_type(media_type: str) -> str:
    return media_type if media_type in _SAFE_TYPES else DEFAULT_MEDIA_TYPE


def content_headers(document: DocumentView, version: VersionView) -> dict[str, str]:
    """The header of a fetch, and of the HEAD that asks for no more."""
    return {
        "content-type": served_type(document.media_type),
        "content-length": str(version.length_bytes),
        "content-disposition": disposition(document.name),
        **validators(version.sha256),
    }


def validators(sha256: str) -> dict[str, str]:
    """What tells one content from another, whole or in part; all that an answer of 304 carries."""
    return {
        "etag": quoted(sha256),
        "repr-digest": digest_field(bytes.fromhex(sha256)),
        "accept-ranges": "bytes",
    }


def not_modified(sha256: str) -> Response:
    """The answer to somebody who has this content already."""
    return Response(status_code=304, headers=validators(sha256))


def partial(headers: dict[str, str], part: ByteRange) -> dict[str, str]:
    """The header of a fetch of `part` alone. `Repr-Digest` still speaks of the whole."""
    content_range = f"bytes {part}/{part.of}"
    return headers | {"content-length": str(part.length_bytes), "content-range": content_range}
