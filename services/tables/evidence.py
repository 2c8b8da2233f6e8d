"""Tables of evidence. `services/evidence` is the one writer of events, whichever service calls it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, FetchedValue, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from services.tables.roles import WRITERS_OF_EVIDENCE, Role
from services.tables.schema import Access, Record, RowId, TenantId

_WHAT_HAPPENED = "SELECT (tenant_id, id, at, type, outcome, matter_id, document_id, object_kind, object_id)"
_APPEND = dict.fromkeys((*WRITERS_OF_EVIDENCE, Role.VERIFIER), ("INSERT",))
_ACROSS = dict.fromkeys((Role.SEQUENCER, Role.SWEEPER, Role.ROTATOR), "true")


class TransactionId(UserDefinedType[int]):
    """Postgres' 64-bit transaction id."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "xid8"


class Event(Record):
    """One line of evidence: exact bytes and their digest, with columns beside them to search by.

    No foreign keys: an event outlives whatever it speaks of.
    """

    __tablename__ = "events"
    __table_args__ = (
        CheckConstraint("sha256 = sha256(body)", name="digest"),
        Index(None, "tenant_id", "at", "id"),
        Index(None, "tenant_id", "actor_id", "at", "id"),
        Index(None, "tenant_id", "matter_id", "at", "id"),
        Index(None, "tenant_id", "document_id", "at", "id"),
        {
            "info": {
                "access": Access(
                    writer="evidence",
                    grants={
                        **_APPEND,
                        Role.AUDIT: ("SELECT", "INSERT"),
                        Role.DOCS: (_WHAT_HAPPENED, "INSERT"),
                        Role.COURIER: (_WHAT_HAPPENED, "INSERT"),
                        Role.SEQUENCER: ("SELECT (tenant_id, id, matter_id, sha256)", "INSERT"),
                        Role.SWEEPER: ("INSERT",),
                    },
                    across=_ACROSS | {Role.COURIER: "true"},
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    at: Mapped[datetime]
    type: Mapped[str]
    outcome: Mapped[str]
    reason: Mapped[str | None]
    actor_id: Mapped[UUID | None]
    actor_organization_id: Mapped[UUID | None]
    session_id: Mapped[UUID | None]
    matter_id: Mapped[UUID | None]
    document_id: Mapped[UUID | None]
    object_kind: Mapped[str | None]
    object_id: Mapped[UUID | None]
    request_id: Mapped[UUID | None]
    body: Mapped[bytes]
    sha256: Mapped[bytes]


class EventPersonalData(Record):
    """Names, addresses and user agents of an event, sealed under the key of the person they describe."""

    __tablename__ = "event_personal_data"
    __table_args__ = (
        {
            "info": {
                "access": Access(
                    writer="evidence",
                    grants={**_APPEND, Role.AUDIT: ("SELECT", "INSERT")},
                    across=_ACROSS,
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    event_id: Mapped[RowId]
    subject_id: Mapped[UUID]
    sealed: Mapped[bytes]


class QueuedEvent(Record):
    """An event that has no leaf yet. `stamp` orders a batch: the transaction that wrote it."""

    __tablename__ = "event_queue"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "event_id"], ["events.tenant_id", "events.id"]),
        Index(None, "tenant_id", "stamp"),
        {
            "info": {
                "access": Access(
                    writer="evidence",
                    grants={
                        **_APPEND,
                        Role.AUDIT: ("SELECT", "INSERT"),
                        Role.SEQUENCER: ("SELECT", "INSERT", "DELETE"),
                    },
                    across=_ACROSS,
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    event_id: Mapped[RowId]
    at: Mapped[datetime]
    stamp: Mapped[int] = mapped_column(
        TransactionId, server_default=text("pg_current_xact_id()"), server_onupdate=FetchedValue()
    )


class SubjectKey(Record):
    """The key of one person's data in one tenant's evidence. Deleting the row erases the person there."""

    __tablename__ = "subject_keys"
    __table_args__ = (
        {
            "info": {
                "access": Access(
                    writer="evidence",
                    grants=dict.fromkeys(WRITERS_OF_EVIDENCE, ("SELECT", "INSERT")),
                    across=_ACROSS,
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    subject_id: Mapped[RowId]
    wrapped: Mapped[bytes]
    created_at: Mapped[datetime]


class RefusalCount(Record):
    """Refusals before anybody was identified, counted per source and minute until they become one event."""

    __tablename__ = "refusal_counts"
    __table_args__ = (
        {
            "info": {
                "access": Access(
                    writer="evidence",
                    grants={
                        **dict.fromkeys(WRITERS_OF_EVIDENCE, ("SELECT", "INSERT", "UPDATE (count)")),
                        Role.SEQUENCER: ("SELECT", "INSERT", "UPDATE (count)", "DELETE"),
                    },
                    across=_ACROSS,
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    minute: Mapped[datetime] = mapped_column(primary_key=True)
    source: Mapped[bytes] = mapped_column(primary_key=True)
    """Keyed digest of the address, so that counting needs no address in clear."""
    operation: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(primary_key=True)
    sealed_address: Mapped[bytes]
    count: Mapped[int]
