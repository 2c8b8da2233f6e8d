"""Tables of fixity: what was read again of the store and found, and whether it is this database's store."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.ids import PLATFORM
from services.tables.roles import Role
from services.tables.schema import KEEP, Access, Record, RowId, TenantId


class FixityRun(Record):
    """One verification of the store. Its counts are known once it has ended.

    `selection`: what was asked for, in canonical words; `whole`: that was everything.
    """

    __tablename__ = "fixity_runs"
    __table_args__ = (
        CheckConstraint("state IN ('running', 'ended', 'abandoned')", name="state"),
        CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name="ended"),
        {
            "info": {
                "access": Access(
                    writer="docs_api",
                    grants={Role.VERIFIER: KEEP},
                    across={Role.VERIFIER: f"tenant_id = '{PLATFORM}'::uuid"},
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    state: Mapped[str]
    selection: Mapped[str]
    whole: Mapped[bool]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    versions: Mapped[int | None]
    damaged: Mapped[int | None]
    sealed_bytes: Mapped[int | None]
    unnamed: Mapped[int | None]


class VersionCheck(Record):
    """When a version was last read again and by which run. `finding` None: it is as it was stored.

    No foreign key: a check stands in nobody's way when its version is removed.
    """

    __tablename__ = "version_checks"
    __table_args__ = (
        Index(None, "run_id"),
        Index(None, "tenant_id", postgresql_where=text("finding IS NOT NULL")),
        {
            "info": {
                "access": Access(
                    writer="docs_api",
                    grants={Role.VERIFIER: KEEP},
                    across={Role.VERIFIER: "true"},
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    version_id: Mapped[RowId]
    run_id: Mapped[UUID]
    checked_at: Mapped[datetime]
    opened: Mapped[bool]
    sealed_bytes: Mapped[int]
    finding: Mapped[str | None]


class StoreMark(Record):
    """What database and store both carry while they belong together; new with every round of the sweep.

    `pending_mark` may have reached the store. `place`: which database of which cluster this is.
    """

    __tablename__ = "store_marks"
    __table_args__ = (
        {
            "info": {
                "access": Access(
                    writer="docs_api",
                    grants={Role.SWEEPER: KEEP, Role.VERIFIER: ("SELECT (tenant_id, suspended_at)",)},
                    across=dict.fromkeys((Role.SWEEPER, Role.VERIFIER), f"tenant_id = '{PLATFORM}'::uuid"),
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    name: Mapped[str] = mapped_column(primary_key=True)
    current_mark: Mapped[str | None]
    pending_mark: Mapped[str | None]
    place: Mapped[str]
    suspended_at: Mapped[datetime | None]
