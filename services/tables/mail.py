"""Tables that `auth` writes to tell people things: mail on its way."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from services.tables.roles import Role
from services.tables.schema import Access, Record, RowId, TenantId


class OutboxMail(Record):
    """A mail to one person of the tenant. Address and words are sealed; the row goes when the mail has gone.

    `about` is the id of what it tells of. No foreign keys: whatever it is may be gone before the mail is.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index(None, "next_attempt_at"),
        {
            "info": {
                "access": Access(
                    writer="auth",
                    grants={
                        Role.AUTH: ("INSERT",),
                        Role.COURIER: (
                            "SELECT",
                            "INSERT",
                            "UPDATE (attempts, next_attempt_at)",
                            "DELETE",
                        ),
                    },
                    across={Role.COURIER: "true"},
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    kind: Mapped[str]
    about: Mapped[UUID]
    letter_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    attempts: Mapped[int]
    next_attempt_at: Mapped[datetime]
