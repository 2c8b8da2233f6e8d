"""What an archive is made of: documents with their keys and paths, and the manifest that comes last."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.docs_api.archives.paths import archive_paths
from services.docs_api.archives.schemas import ArchiveItem, ArchiveManifest, manifest_item
from services.docs_api.archives.zip64 import Entry, Layout
from services.docs_api.documents.queries import SEGMENTS
from services.docs_api.documents.schemas import DocumentView
from services.docs_api.documents.service import subject_of
from services.docs_api.keys import matter_key_of
from services.docs_api.sealing.context import SegmentContext
from services.docs_api.transfers.opening import SealedVersion, SegmentRow, require_whole
from services.docs_api.vault import Vault
from services.evidence.event import Subject
from services.kernel.clock import timestamp

MANIFEST_NAME = "redwell-manifest.json"
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Content:
    """A document's newest version, as the set was chosen."""

    row: Row
    tenant: UUID

    @property
    def subject(self) -> Subject:
        return subject_of(self.row)

    @property
    def length_bytes(self) -> int:
        return int(self.row["length_bytes"])

    @property
    def sha256(self) -> str:
        return str(self.row["sha256"].hex())

    async def segments(self, vault: Vault) -> Sequence[SegmentRow]:
        """Its segments, whole and in order; read when they are needed, for there may be very many.

        Raises:
            IntegrityFailure: one is missing, or there is one too many.
        """
        async with vault.database.transaction([self.tenant]) as session:
            wanted = {"tenant": self.tenant, "version": self.row["version_id"]}
            found = await SEGMENTS.all(session, wanted)
        require_whole(found, self.row["segment_count"], self.length_bytes)
        return found

    async def open(self, vault: Vault) -> SealedVersion:
        """What opens it.

        Raises:
            UnwrapError: its key does not open.
            IntegrityFailure: its segments are not all there.
        """
        keys = matter_key_of(self.row)
        data_key = vault.keychain.data_key(keys, self.row["version_id"], self.row["wrapped_data_key"])
        place = SegmentContext(
            self.tenant, self.row["matter_id"], self.row["id"], self.row["version_id"], 0, 0
        )
        return SealedVersion(vault.stores, data_key, place, await self.segments(vault), vault.opening)


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive whose every byte but the contents is known."""

    id: UUID
    matter_id: UUID
    name: str
    contents: Sequence[Content]
    manifest: bytes
    layout: Layout

    @property
    def content_bytes(self) -> int:
        return sum(content.length_bytes for content in self.contents)

    @property
    def subject(self) -> Subject:
        return Subject("archive", self.id, self.matter_id)


def lay_out(
    archive_id: UUID, name: str, contents: Sequence[Content], documents: Sequence[DocumentView], now: datetime
) -> Archive:
    """The archive of `contents`, which `documents` describe in the same order; one at least."""
    paths = archive_paths([(document.folder, document.name) for document in documents], [MANIFEST_NAME])
    items = [
        ArchiveItem(**manifest_item(document).model_dump(), path=path)
        for document, path in zip(documents, paths, strict=True)
    ]
    matter_id = documents[0].matter_id
    manifest = ArchiveManifest(
        archive_id=archive_id, matter_id=matter_id, made_at=timestamp(now), documents=items
    )
    told = manifest.model_dump_json(indent=1).encode()
    entries = [
        Entry(path.encode(), content.length_bytes, content.row["available_at"])
        for path, content in zip(paths, contents, strict=True)
    ]
    entries.append(Entry(MANIFEST_NAME.encode(), len(told), now))
    return Archive(archive_id, matter_id, name, contents, told, Layout(entries))
