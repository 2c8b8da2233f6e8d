"""What makes a version: pinned once it is verified, and available once nothing stands against it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.elements import ColumnElement

from services.docs_api.documents.queries import SCAN_COLUMNS
from services.docs_api.scanning.clamd import Finding
from services.docs_api.transfers.intake import Taken
from services.tables.content import Document, Version

_WANTED = (
    Document.id,
    Document.matter_id,
    Document.class_id,
    Document.name_sealed,
    Document.folder_sealed,
    Document.tags_sealed,
    Document.note_sealed,
    Document.media_type,
    Document.state,
    Document.revision,
    Document.created_at,
    Document.created_by,
    Version.id.label("version_id"),
    Version.number,
    Version.length_bytes,
    Version.sha256,
    Version.available_at,
    *SCAN_COLUMNS,
)


@dataclass(frozen=True, slots=True)
class VersionPlace:
    """Which version of which document."""

    tenant: UUID
    document: UUID
    version: UUID

    @property
    def rows(self) -> tuple[ColumnElement[bool], ...]:
        return (Version.tenant_id == self.tenant, Version.id == self.version)


@dataclass(frozen=True, slots=True)
class Scanned:
    """What the version is told to have come to, and when."""

    result: str
    finding: Finding | None = None

    def columns(self, now: datetime) -> dict[str, object]:
        if self.finding is None:
            return {"scan_result": self.result}
        return {
            "scan_result": self.result,
            "scan_engine": self.finding.engine,
            "scan_signature": self.finding.signature,
            "scanned_at": now,
        }


NOT_CONFIGURED = Scanned("not-configured")


async def pin(session: AsyncSession, place: VersionPlace, taken: Taken, state: str) -> None:
    """Fix what the content is, for good."""
    await session.execute(
        update(Version)
        .where(*place.rows, Version.state.in_(("receiving", "verifying")))
        .values(
            state=state,
            length_bytes=taken.length_bytes,
            sha256=taken.sha256,
            segment_count=taken.segment_count,
        )
    )


async def make_available(
    session: AsyncSession, place: VersionPlace, scanned: Scanned | None, now: datetime
) -> dict[str, Any]:
    """From now on it can be fetched; what `describe` tells then. None: what was scanned stays."""
    found = {} if scanned is None else scanned.columns(now)
    number = await session.scalar(
        update(Version)
        .where(*place.rows)
        .values(state="available", available_at=now, **found)
        .returning(Version.number)
    )
    # A version that took longer than a later one does not become the newest again.
    await session.execute(
        update(Document)
        .where(Document.tenant_id == place.tenant, Document.id == place.document)
        .values(
            latest_number=func.greatest(func.coalesce(Document.latest_number, 0), number),
            revision=Document.revision + 1,
        )
    )
    return await describe(session, place, number)


async def describe(session: AsyncSession, place: VersionPlace, number: int | None = None) -> dict[str, Any]:
    """The document as it is called now, with the version of this number; the newest there is, if None."""
    wanted = Version.number == (Document.latest_number if number is None else number)
    joined = (Version.tenant_id == Document.tenant_id) & (Version.document_id == Document.id) & wanted
    found = await session.execute(
        select(*_WANTED)
        .select_from(Document)
        .outerjoin(Version, joined)
        .where(Document.tenant_id == place.tenant, Document.id == place.document)
    )
    return dict(found.mappings().one())
