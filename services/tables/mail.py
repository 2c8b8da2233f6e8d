"""Tables that `auth` writes to tell people things: mail on its way, and who was told what."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

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


class ReadingPlace(Record):
    """How far a consumer has read an organization's log: the first leaf that it has not looked at."""

    __tablename__ = "reading_places"
    __table_args__ = (
        {
            "info": {
                "access": Access(
                    writer="auth",
                    grants={Role.COURIER: ("SELECT", "INSERT", "UPDATE (next_index)")},
                    across={Role.COURIER: "true"},
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    consumer: Mapped[str] = mapped_column(primary_key=True)
    next_index: Mapped[int]


class Notice(Record):
    """A member was told of something, once. `about`: the event, or the grant that will end."""

    __tablename__ = "notices"
    __table_args__ = (
        {
            "info": {
                "access": Access(
                    writer="auth",
                    grants={Role.COURIER: ("SELECT", "INSERT")},
                    across={Role.COURIER: "true"},
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    member_id: Mapped[RowId]
    kind: Mapped[str] = mapped_column(primary_key=True)
    about: Mapped[RowId]
    given_at: Mapped[datetime]
