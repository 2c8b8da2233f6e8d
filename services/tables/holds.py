"""Holds, which `docs_api` writes: what must not be removed, whoever asks.

The database itself refuses (`migrations/versions/0012`): whoever may remove content or keys reads holds.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped

from services.tables.roles import Role
from services.tables.schema import KEEP, Access, Record, RowId, TenantId, references

_WHAT = "SELECT (tenant_id, matter_id, document_id, released_at)"


class Hold(Record):
    """A matter, or one document of it, is to be kept until the hold is released. Never deleted itself."""

    __tablename__ = "holds"
    __table_args__ = (
        references("matters", "matter_id"),
        references("documents", "document_id"),
        CheckConstraint(
            "(released_at IS NULL) = (released_by IS NULL) AND "
            "(released_at IS NULL) = (release_reason_sealed IS NULL)",
            name="released",
        ),
        Index(None, "tenant_id", "matter_id", postgresql_where=text("released_at IS NULL")),
        {
            "info": {
                "access": Access(
                    writer="docs_api",
                    grants={Role.DOCS: KEEP, Role.SWEEPER: (_WHAT,)},
                    across={Role.SWEEPER: "true"},
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    matter_id: Mapped[UUID]
    document_id: Mapped[UUID | None]
    reason_sealed: Mapped[bytes]
    placed_at: Mapped[datetime]
    placed_by: Mapped[UUID]
    released_at: Mapped[datetime | None]
    released_by: Mapped[UUID | None]
    release_reason_sealed: Mapped[bytes | None]
