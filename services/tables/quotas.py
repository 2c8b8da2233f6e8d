"""Tables of quotas: how many bytes of content a firm and a matter hold or have reserved, and may.

The counters are kept by triggers on `uploads` (`migrations/versions/0022`), in the transaction of each act.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped

from services.tables.roles import Role
from services.tables.schema import ALL, KEEP, READ, Access, Record, RowId, TenantId, references


class FirmQuota(Record):
    """What a firm may hold, where the operator has said so; the setting's default where not."""

    __tablename__ = "firm_quotas"
    __table_args__ = ({"info": {"access": Access(writer="auth", grants={Role.AUTH: ALL, Role.DOCS: READ})}},)
    tenant_id: Mapped[TenantId]
    quota_bytes: Mapped[int]
    set_at: Mapped[datetime]
    set_by: Mapped[UUID]


class FirmUsage(Record):
    """What a firm is charged with: what its open uploads will bring, and what the others brought."""

    __tablename__ = "firm_usage"
    __table_args__ = (
        {
            "info": {
                "access": Access(
                    writer="docs_api",
                    grants={Role.DOCS: KEEP, Role.SWEEPER: KEEP},
                    across={Role.SWEEPER: "true"},
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    used_bytes: Mapped[int]


class MatterUsage(Record):
    """The same for a matter, and what it may hold, where the firm has said so."""

    __tablename__ = "matter_usage"
    __table_args__ = (
        references("matters", "matter_id"),
        {
            "info": {
                "access": Access(
                    writer="docs_api",
                    grants={Role.DOCS: KEEP, Role.SWEEPER: KEEP},
                    across={Role.SWEEPER: "true"},
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    matter_id: Mapped[RowId]
    used_bytes: Mapped[int]
    quota_bytes: Mapped[int | None]
