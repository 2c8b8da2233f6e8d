"""Quarantined versions, of matters that one is on."""

from typing import Any

from sqlalchemy import Select, and_, select

from services.docs_api.access import TENANT, on_matter
from services.docs_api.documents.queries import SCAN_COLUMNS
from services.docs_api.keys import KEY_COLUMNS, firm_of_matter_key
from services.tables.content import Document, Version
from services.tables.docs import FirmKey, Matter, MatterKey

_COLUMNS = (
    Document.id,
    Document.matter_id,
    Document.class_id,
    Document.name_sealed,
    Document.folder_sealed,
    Matter.state.label("matter_state"),
    Version.id.label("version_id"),
    Version.number,
    Version.length_bytes,
    Version.sha256,
    Version.created_by.label("version_created_by"),
    *SCAN_COLUMNS,
    *KEY_COLUMNS,
)


def quarantined() -> Select[Any]:
    """With their documents, and the keys that open their names."""
    columns: tuple[Any, ...] = _COLUMNS
    of_version = and_(MatterKey.tenant_id == Version.tenant_id, MatterKey.id == Version.matter_key_id)
    return (
        select(*columns)
        .select_from(Version)
        .join(Document, and_(Document.tenant_id == Version.tenant_id, Document.id == Version.document_id))
        .join(Matter, and_(Matter.tenant_id == Document.tenant_id, Matter.id == Document.matter_id))
        .join(MatterKey, of_version)
        .join(FirmKey, firm_of_matter_key())
        .where(Version.tenant_id == TENANT, Version.state == "quarantined", on_matter())
    )
