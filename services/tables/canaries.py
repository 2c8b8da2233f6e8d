"""The table by which a start knows that it has the right root key."""

from datetime import datetime

from sqlalchemy.orm import Mapped

from services.kernel.ids import PLATFORM
from services.tables.roles import Role
from services.tables.schema import Access, Record, RowId, TenantId


class RootCanary(Record):
    """A random value sealed under one root key; `id` is that root key's own. It is never changed."""

    __tablename__ = "root_canaries"
    __table_args__ = (
        {
            "info": {
                "access": Access(
                    writer="docs_api",
                    grants={
                        **dict.fromkeys((Role.SWEEPER, Role.ROTATOR), ("SELECT", "INSERT")),
                        Role.VERIFIER: ("SELECT",),
                    },
                    across=dict.fromkeys(
                        (Role.SWEEPER, Role.ROTATOR, Role.VERIFIER), f"tenant_id = '{PLATFORM}'::uuid"
                    ),
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    wrapped: Mapped[bytes]
    created_at: Mapped[datetime]
