"""Table that `auth` writes: what an organization demands of the sessions of a role."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.tables.roles import Role
from services.tables.schema import ALL, Access, Record, TenantId


class SessionPolicy(Record):
    """`conditions`: as they are told (`Conditions` in `services/auth/policies`), without what is not set."""

    __tablename__ = "session_policies"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["organizations.id"]),
        {"info": {"access": Access(writer="auth", grants={Role.AUTH: ALL})}},
    )
    tenant_id: Mapped[TenantId]
    role: Mapped[str] = mapped_column(primary_key=True)
    conditions: Mapped[dict[str, Any]] = mapped_column(JSONB)
    changed_at: Mapped[datetime]
