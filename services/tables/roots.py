"""The table of firms that a root key was chosen for, or whose root key was revoked."""

from datetime import datetime

from sqlalchemy.orm import Mapped

from services.tables.roles import Role
from services.tables.schema import Access, Record, TenantId


class FirmRoot(Record):
    """`root`: the id of the root that a firm's next key is made under; None: the deployment's default.

    While `revoked_at` is set, nothing of the firm's is opened or sealed, whatever root its keys lie under.
    """

    __tablename__ = "firm_roots"
    __table_args__ = (
        {
            "info": {
                "access": Access(
                    writer="docs_api",
                    grants={
                        Role.DOCS: ("SELECT",),
                        Role.SWEEPER: ("SELECT", "INSERT", "UPDATE"),
                        Role.ROTATOR: ("SELECT", "UPDATE (root, changed_at)"),
                        Role.VERIFIER: ("SELECT (tenant_id, revoked_at)",),
                    },
                    across=dict.fromkeys((Role.SWEEPER, Role.ROTATOR, Role.VERIFIER), "true"),
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    root: Mapped[str | None]
    changed_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
