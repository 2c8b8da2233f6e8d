"""Tables that the gateway writes."""

from datetime import datetime

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.tables.roles import Role
from services.tables.schema import Access, Record, TenantId

_READ = ("SELECT",)


class AssertionKey(Record):
    """Public half of the key with which the gateway signs its decisions for services in other processes."""

    __tablename__ = "assertion_keys"
    __table_args__ = (
        {
            "info": {
                "access": Access(
                    writer="gateway",
                    grants={
                        Role.GATEWAY: ("SELECT", "INSERT"),
                        Role.AUTH: _READ,
                        Role.DOCS: _READ,
                        Role.AUDIT: _READ,
                    },
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    kid: Mapped[str] = mapped_column(primary_key=True)
    jwk: Mapped[dict[str, str]] = mapped_column(JSONB)
    created_at: Mapped[datetime]
