"""Tables that `docs_api` writes: the vault. Every row belongs to a firm.

Columns that end in `_sealed` hold text under the matter's or the firm's names key; `_index` beside one is its
blind index for exact match.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.tables.roles import Role
from services.tables.schema import ALL, KEEP, VAULT, Access, Record, RowId, TenantId, references


class DocumentClass(Record):
    """One word of the firm's vocabulary. Ids are clear, because grants and queries are made of them."""

    __tablename__ = "document_classes"
    __table_args__ = (VAULT,)
    tenant_id: Mapped[TenantId]
    id: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[str]
    created_at: Mapped[datetime]


class FirmKey(Record):
    """A firm's key, wrapped under the root; and its names key, wrapped under the firm key."""

    __tablename__ = "firm_keys"
    __table_args__ = (
        Index(None, "tenant_id", unique=True, postgresql_where=text("retired_at IS NULL")),
        {
            "info": {
                "access": Access(
                    writer="docs_api",
                    grants={
                        Role.DOCS: KEEP,
                        Role.SWEEPER: ("SELECT (tenant_id, id, root, wrapped, names_wrapped, retired_at)",),
                        Role.VERIFIER: ("SELECT (tenant_id, id, root, wrapped)",),
                        Role.ROTATOR: ("SELECT", "INSERT", "UPDATE (root, wrapped, retired_at)"),
                    },
                    across=dict.fromkeys((Role.SWEEPER, Role.VERIFIER, Role.ROTATOR), "true"),
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    root: Mapped[str]
    wrapped: Mapped[bytes]
    names_wrapped: Mapped[bytes]
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class Matter(Record):
    __tablename__ = "matters"
    __table_args__ = (
        UniqueConstraint("tenant_id", "number_index"),
        CheckConstraint("state IN ('open', 'closed')", name="state"),
        CheckConstraint("sensitivity IN ('standard', 'high')", name="sensitivity"),
        VAULT,
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    number_sealed: Mapped[bytes]
    number_index: Mapped[bytes]
    title_sealed: Mapped[bytes]
    client_sealed: Mapped[bytes]
    practice_area: Mapped[str]
    sensitivity: Mapped[str]
    supervising_attorney_id: Mapped[UUID]
    state: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]


class MatterKey(Record):
    """A matter's key, wrapped under the firm key; and its names key, wrapped under the matter key."""

    __tablename__ = "matter_keys"
    __table_args__ = (
        references("matters", "matter_id"),
        references("firm_keys", "firm_key_id"),
        Index(None, "tenant_id", "matter_id", unique=True, postgresql_where=text("retired_at IS NULL")),
        Index(None, "tenant_id", "firm_key_id"),
        {
            "info": {
                "access": Access(
                    writer="docs_api",
                    grants={
                        Role.DOCS: KEEP,
                        Role.VERIFIER: ("SELECT (tenant_id, id, firm_key_id, wrapped)",),
                        Role.ROTATOR: ("SELECT", "INSERT", "UPDATE (firm_key_id, wrapped, retired_at)"),
                    },
                    across={Role.VERIFIER: "true", Role.ROTATOR: "true"},
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    matter_id: Mapped[UUID]
    firm_key_id: Mapped[UUID]
    wrapped: Mapped[bytes]
    names_wrapped: Mapped[bytes]
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class MatterPerson(Record):
    """A member of the firm who is on a matter."""

    __tablename__ = "matter_people"
    __table_args__ = (
        references("matters", "matter_id"),
        {
            "info": {
                "access": Access(
                    writer="docs_api",
                    grants={Role.DOCS: ALL, Role.COURIER: ("SELECT (tenant_id, matter_id, member_id)",)},
                    across={Role.COURIER: "true"},
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    matter_id: Mapped[RowId]
    member_id: Mapped[RowId]
    added_at: Mapped[datetime]
    added_by: Mapped[UUID]
