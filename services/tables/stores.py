"""The table of firms that a store was chosen for."""

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped

from services.tables.roles import Role
from services.tables.schema import Access, Record, TenantId


class FirmStore(Record):
    """`store`: the name of the store that all new content of a firm lies in; without a row, the default one.

    A trigger on `segments` compares each with it, so that nothing new lies elsewhere from the choice on.
    """

    __tablename__ = "firm_stores"
    __table_args__ = (
        CheckConstraint("store ~ '^[a-z][a-z0-9-]{0,31}$'", name="store"),
        {
            "info": {
                "access": Access(
                    writer="docs_api",
                    grants={Role.DOCS: ("SELECT",), Role.SWEEPER: ("SELECT", "INSERT", "UPDATE")},
                    across={Role.SWEEPER: "true"},
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    store: Mapped[str]
    changed_at: Mapped[datetime]
