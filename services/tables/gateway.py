"""Tables that the gateway writes."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.tables.roles import Role
from services.tables.schema import ALL, Access, Record, TenantId

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


class UsedProof(Record):
    """A proof of possession (DPoP) that was used, by a digest of its key and `jti`, while it is believed."""

    __tablename__ = "used_proofs"
    __table_args__ = (
        Index(None, "tenant_id", "expires_at"),
        {"info": {"access": Access(writer="gateway", grants={Role.GATEWAY: ALL})}},
    )
    tenant_id: Mapped[TenantId]
    digest: Mapped[bytes] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime]
