"""Documents and their uploads on the wire."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from services.docs_api.documents.naming import (
    MAX_TAGS,
    safe_folder,
    safe_name,
    safe_note,
    safe_tag,
    without_doubles,
)
from services.docs_api.scanning.schemas import ScanView
from services.docs_api.wire import ListQuery, Slug, Wire

_TOKEN = r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}"  # noqa: S105 -- RFC 6838 restricted name
DEFAULT_MEDIA_TYPE = "application/octet-stream"

Name = Annotated[str, StringConstraints(min_length=1, max_length=1024), AfterValidator(safe_name)]
Folder = Annotated[str, StringConstraints(max_length=4096), AfterValidator(safe_folder)]
MediaType = Annotated[str, StringConstraints(max_length=255, pattern=rf"^{_TOKEN}/{_TOKEN}$")]
Tag = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(safe_tag)]
Tags = Annotated[list[Tag], Field(max_length=MAX_TAGS), AfterValidator(without_doubles)]
Note = Annotated[str, StringConstraints(max_length=4000), AfterValidator(safe_note)]
SHA256Hex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class NewDocument(Wire):
    name: Name
    folder: Folder = ""
    class_id: Slug
    tags: Tags = Field(default_factory=list)
    note: Note = ""
    """Whoever may read the document reads its tags and its note."""
    media_type: MediaType = DEFAULT_MEDIA_TYPE
    length_bytes: Annotated[int | None, Field(ge=0)] = None
    """If given, the content must be as long."""
    sha256: SHA256Hex | None = None
    """If given, the content must have this digest."""


class DocumentChange(Wire):
    """What is to be different; what is absent stays."""

    name: Name | None = None
    folder: Folder | None = None
    class_id: Slug | None = None
    tags: Tags | None = None
    note: Note | None = None

    @model_validator(mode="after")
    def _names_something(self) -> "DocumentChange":
        if not self.model_fields_set or None in self.model_dump(exclude_unset=True).values():
            raise PydanticCustomError(
                "no_change", "name, folder, class_id, tags or note is needed, and none is null"
            )
        return self


class NewVersion(Wire):
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
    scan: ScanView


class DocumentView(Wire):
    id: UUID
    matter_id: UUID
    class_id: str
    name: str
    folder: str
    tags: list[str]
    note: str
    media_type: str
    state: str
    """`active`, or `withdrawn`: then it is there for people on the matter alone, who can restore it."""
    revision: int
    """What `If-Match` must name, in quotes, to change the document."""
    created_at: datetime
    created_by: UUID
    version: VersionView | None
    """The newest complete version; null until there is one."""


class UploadView(Wire):
    id: UUID
    matter_id: UUID
    document_id: UUID
    state: str
    """`open`, `verifying`, `scanning`; then `complete`, `rejected`, `quarantined` or `abandoned`."""
    received_bytes: int
    expires_at: datetime
    waiting_since: datetime | None
    """Since when it is verified or waits for its scan; null before and after."""
    stalled: bool
    """Whether that is longer than it should be; the platform's operator can look into it."""
    attempts: int
    """How often that was tried in vain."""
    reason: str | None
    """Why it was; or why it is rejected or in quarantine."""
    scan: ScanView | None
    """What the scan came to; null until then."""


class NewDocumentView(Wire):
    document: DocumentView
    upload: UploadView


class NewVersionView(Wire):
    number: int
    upload: UploadView


class PastVersionView(VersionView):
    created_by: UUID


class VersionPage(Wire):
    items: list[PastVersionView]
    next: str | None


class FormerDocument(Wire):
    """A document as it was until a change."""

    name: str
    folder: str
    tags: list[str]
    note: str
    class_id: str
    state: str


class ChangeView(Wire):
    id: UUID
    at: datetime
    by: UUID
    fields: list[str]
    """What was changed."""
    revision: int
    """The revision that the change made."""
    before: FormerDocument


class ChangePage(Wire):
    items: list[ChangeView]
    next: str | None


class DocumentPage(Wire):
    items: list[DocumentView]
    next: str | None


class DocumentQuery(ListQuery):
    class_id: Slug | None = None
    name: Name | None = None
    """The exact name; found by its blind index."""
    folder: Folder | None = None
    """The exact folder, without what is in folders below it; empty for the matter's top."""
    tag: Tag | None = None
    """One of its tags, exactly."""
    state: Literal["active", "withdrawn"] = "active"
    """Withdrawn documents are listed for people on the matter alone."""
