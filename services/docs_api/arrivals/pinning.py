"""What makes a version: pinned once it is verified, and available once nothing stands against it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.elements import ColumnElement

from services.docs_api.documents.queries import SCAN_COLUMNS
from services.docs_api.scanning.clamd import Finding
from services.docs_api.transfers.intake import Taken
from services.tables.content import Document, Version

_DOCUMENT = (
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
)
_VERSION = (
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


def pinned(taken: Taken) -> dict[str, object]:
    """The columns that say what the content is, for good."""
    return {
        "length_bytes": taken.length_bytes,
        "sha256": taken.sha256,
        "segment_count": taken.segment_count,
    }


async def pin_to_scan(session: AsyncSession, place: VersionPlace, taken: Taken) -> None:
    """It is what it is, and waits for its scan."""
    await session.execute(update(Version).where(*place.rows).values(state="scanning", **pinned(taken)))


async def make_available(
    session: AsyncSession, place: VersionPlace, now: datetime, more: Mapping[str, object]
) -> dict[str, Any]:
    """From now on it can be fetched; the document with this version. `more`: columns that it gets, too."""
    available = await session.execute(
        update(Version)
        .where(*place.rows)
        .values(state="available", available_at=now, **more)
        .returning(*_VERSION)
    )
    version = dict(available.mappings().one())
    # A version that took longer than a later one does not become the newest again.
    changed = await session.execute(
        update(Document)
        .where(Document.tenant_id == place.tenant, Document.id == place.document)
        .values(
            latest_number=func.greatest(func.coalesce(Document.latest_number, 0), version["number"]),
            revision=Document.revision + 1,
        )
        .returning(*_DOCUMENT)
    )
    return version | dict(changed.mappings().one())


async def describe(session: AsyncSession, place: VersionPlace) -> dict[str, Any]:
    """The document as it is called now, with its newest version if there is one."""
    newest = and_(
        Version.tenant_id == Document.tenant_id,
        Version.document_id == Document.id,
        Version.number == Document.latest_number,
    )
    found = await session.execute(
        select(*_DOCUMENT, *_VERSION)
        .select_from(Document)
        .outerjoin(Version, newest)
        .where(Document.tenant_id == place.tenant, Document.id == place.document)
    )
    return dict(found.mappings().one())
