"""The table of rotations: which key takes another's place, and how far that is."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped

from services.tables.roles import Role
from services.tables.schema import Access, Record, RowId, TenantId


class KeyRotation(Record):
    """What lies under `old_key` is sealed anew under `new_key`; `moved` counts what was.

    Of a root, in the platform's tenant, the keys are ids of roots. It is over when nothing lies under the old
    key any more and nobody is left who might still seal under it.
    """

    __tablename__ = "key_rotations"
    __table_args__ = (
        CheckConstraint("level IN ('root', 'firm', 'matter')", name="level"),
        Index(None, "tenant_id", "old_key", unique=True, postgresql_where=text("finished_at IS NULL")),
        {
            "info": {
                "access": Access(
                    writer="docs_api",
                    grants={Role.ROTATOR: ("SELECT", "INSERT", "UPDATE (moved, finished_at)")},
                    across={Role.ROTATOR: "true"},
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    level: Mapped[str]
    matter_id: Mapped[UUID | None]
    old_key: Mapped[str]
    new_key: Mapped[str]
    moved: Mapped[int]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
