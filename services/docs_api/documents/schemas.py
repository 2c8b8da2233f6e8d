"""Documents and their uploads on the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from services.docs_api.documents.naming import safe_folder, safe_name
from services.docs_api.wire import ListQuery, Slug, Wire

_TOKEN = r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}"  # noqa: S105 -- RFC 6838 restricted name
DEFAULT_MEDIA_TYPE = "application/octet-stream"

Name = Annotated[str, StringConstraints(min_length=1, max_length=1024), AfterValidator(safe_name)]
Folder = Annotated[str, StringConstraints(max_length=4096), AfterValidator(safe_folder)]
MediaType = Annotated[str, StringConstraints(max_length=255, pattern=rf"^{_TOKEN}/{_TOKEN}$")]
SHA256Hex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class NewDocument(Wire):
    name: Name
    folder: Folder = ""
    class_id: Slug
    media_type: MediaType = DEFAULT_MEDIA_TYPE
    length_bytes: Annotated[int | None, Field(ge=0)] = None
    """If given, the content must be as long."""
    sha256: SHA256Hex | None = None
    """If given, the content must have this digest."""


class VersionView(Wire):
    id: UUID
    number: int
    length_bytes: int
    sha256: str
    available_at: datetime


class DocumentView(Wire):
    id: UUID
    matter_id: UUID
    class_id: str
    name: str
    folder: str
    media_type: str
    created_at: datetime
    created_by: UUID
    version: VersionView | None
    """The newest complete version; null until there is one."""


class UploadView(Wire):
    id: UUID
    matter_id: UUID
    document_id: UUID
    state: str
    received_bytes: int
    expires_at: datetime


class NewDocumentView(Wire):
    document: DocumentView
    upload: UploadView


class DocumentPage(Wire):
    items: list[DocumentView]
    next: str | None


class DocumentQuery(ListQuery):
    class_id: Slug | None = None
    name: Name | None = None
    """The exact name; found by its blind index."""
