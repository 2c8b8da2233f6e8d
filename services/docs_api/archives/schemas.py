"""Sets of documents on the wire, and the manifest that lies in an archive."""

from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from services.docs_api.documents.schemas import DocumentView, Folder
from services.docs_api.wire import ListQuery, Slug, Wire

MAX_IDS = 50  # what an address takes
ARCHIVE_FORMAT = "redwell-archive/v1"
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_IDS = rf"^{_UUID}(,{_UUID}){{0,{MAX_IDS - 1}}}$"


class SetQuery(Wire):
    """A set of a matter's documents: all that the conditions given have in common; without any, all."""

    folder: Folder | None = None
    """This folder and what is in folders below it; empty for the whole matter."""
    class_id: Slug | None = None
    ids: Annotated[str | None, StringConstraints(pattern=_IDS)] = None
    """At most 50 documents, their ids separated by commas."""

    @property
    def document_ids(self) -> frozenset[UUID] | None:
        return None if self.ids is None else frozenset(map(UUID, self.ids.split(",")))


class ManifestQuery(SetQuery, ListQuery):
    """A page of the manifest of a set."""


class ManifestItem(Wire):
    id: UUID
    version_id: UUID
    number: int
    name: str
    folder: str
    class_id: str
    media_type: str
    length_bytes: int
    sha256: str


class ManifestPage(Wire):
    items: list[ManifestItem]
    next: str | None
    documents: int
    """How many the whole set has now, on all pages."""
    length_bytes: int
    """How many bytes of content the whole set has now."""


class ArchiveItem(ManifestItem):
    path: str
    """Where it lies in the archive: its folder and name, changed where some system would not take them."""


class ArchiveManifest(Wire):
    """The last entry of an archive."""

    format: str = ARCHIVE_FORMAT
    archive_id: UUID
    """As in the log."""
    matter_id: UUID
    made_at: str
    documents: list[ArchiveItem]


def manifest_item(document: DocumentView) -> ManifestItem:
    """A document that has a version, as a manifest has it."""
    assert document.version is not None
    return ManifestItem(
        id=document.id,
        version_id=document.version.id,
        number=document.version.number,
        name=document.name,
        folder=document.folder,
        class_id=document.class_id,
        media_type=document.media_type,
        length_bytes=document.version.length_bytes,
        sha256=document.version.sha256,
    )
