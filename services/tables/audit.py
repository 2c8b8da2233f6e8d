"""Tables that `audit` writes: trees, leaves and checkpoints over the events of each organization."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.tables.roles import Role
from services.tables.schema import Access, Record, RowId, TenantId


def _ledger_access(*sequencer: str, readers: Mapping[Role, str] = MappingProxyType({})) -> Access:
    """`readers`: roles beside the log's own, with the columns that each may read."""
    return Access(
        writer="audit",
        grants={
            Role.SEQUENCER: ("SELECT", "INSERT", *sequencer),
            Role.AUDIT: ("SELECT",),
            **{role: (f"SELECT ({columns})",) for role, columns in readers.items()},
        },
        across={Role.SEQUENCER: "true", **({Role.COURIER: "true"} if Role.COURIER in readers else {})},
    )


_ORDER_OF_EVENTS = MappingProxyType(dict.fromkeys((Role.DOCS, Role.COURIER), "tenant_id, idx, event_id"))
_SIZE = MappingProxyType(dict.fromkeys((Role.DOCS, Role.COURIER), "tenant_id, size"))


class Tree(Record):
    """One RFC 6962 tree per organization. `frontier` is its compact range: enough to append and sign."""

    __tablename__ = "trees"
    __table_args__ = (
        UniqueConstraint("origin"),
        {"info": {"access": _ledger_access("UPDATE (size, frontier)", readers=_SIZE)}},
    )
    tenant_id: Mapped[TenantId]
    log_id: Mapped[UUID]
    origin: Mapped[str]
    size: Mapped[int]
    frontier: Mapped[bytes]
    created_at: Mapped[datetime]


class Leaf(Record):
    """Exact bytes of one leaf. `event_id` is None for the leaves that name heads of matters."""

    __tablename__ = "leaves"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["trees.tenant_id"]),
        UniqueConstraint("tenant_id", "event_id"),
        {"info": {"access": _ledger_access(readers=_ORDER_OF_EVENTS)}},
    )
    tenant_id: Mapped[TenantId]
    idx: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    event_id: Mapped[UUID | None]
    body: Mapped[bytes]


class Subtree(Record):
    """The hash of a complete subtree of 2^level leaves, kept so that a proof need not read every leaf.

    Derived from the leaves, by whoever first needs it; a proof is checked before it is given out.
    """

    __tablename__ = "subtrees"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["trees.tenant_id"]),
        CheckConstraint("level IN (8, 16, 24)", name="level"),
        CheckConstraint("octet_length(hash) = 32", name="hash"),
        {"info": {"access": Access(writer="audit", grants={Role.AUDIT: ("SELECT", "INSERT")})}},
    )
    tenant_id: Mapped[TenantId]
    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    idx: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[bytes]


class MatterHead(Record):
    """The last sequence given in a matter, and the last one that a leaf has named."""

    __tablename__ = "matter_heads"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["trees.tenant_id"]),
        {"info": {"access": _ledger_access("UPDATE (seq, named_seq)")}},
    )
    tenant_id: Mapped[TenantId]
    matter_id: Mapped[RowId]
    seq: Mapped[int]
    named_seq: Mapped[int]


class Checkpoint(Record):
    """A signed tree head: C2SP tlog-checkpoint in a signed note."""

    __tablename__ = "checkpoints"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["trees.tenant_id"]),
        {"info": {"access": _ledger_access()}},
    )
    tenant_id: Mapped[TenantId]
    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    root: Mapped[bytes]
    note: Mapped[str]
    signed_at: Mapped[datetime]
