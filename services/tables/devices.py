"""Table that `auth` writes: devices that ask to be signed in by somebody who is signed in elsewhere."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from services.tables.roles import Role
from services.tables.schema import ALL, Access, Record, RowId, TenantId


class DeviceRequest(Record):
    """A device that waits (RFC 8628). Whose it will be nobody knows yet, so the tenant is the platform.

    The code that the device asks with is kept as a digest; the one that a person types, as a keyed one, since
    it is short. The row goes a day after its end.
    """

    __tablename__ = "device_requests"
    __table_args__ = (
        UniqueConstraint("tenant_id", "device_sha256"),
        UniqueConstraint("tenant_id", "user_code_index"),
        Index(None, "tenant_id", "expires_at"),
        CheckConstraint("decision IN ('approved', 'denied')", name="decision"),
        CheckConstraint(
            "(session_id IS NULL) = (organization_id IS NULL)"
            " AND (session_id IS NULL) = (decision IS DISTINCT FROM 'approved')",
            name="session_of_approved",
        ),
        {"info": {"access": Access(writer="auth", grants={Role.AUTH: ALL})}},
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    device_sha256: Mapped[bytes]
    user_code_index: Mapped[bytes]
    name_sealed: Mapped[bytes | None]
    """What the device calls itself."""
    address_sealed: Mapped[bytes]
    """Where it asked from."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    interval_seconds: Mapped[int]
    polled_at: Mapped[datetime | None]
    decision: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    organization_id: Mapped[UUID | None]
    session_id: Mapped[UUID | None]
    """The session that approving began, in the organization of who approved."""
    collected_at: Mapped[datetime | None]
