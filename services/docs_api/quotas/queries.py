"""What firms and matters hold and may hold.

`used_bytes` counts everything and is kept by the database. How much of it is only reserved is asked of the
uploads that are open, by an index of theirs alone; no upload waits for that question.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, literal, select, text

from services.tables.content import Upload
from services.tables.docs import Matter
from services.tables.quotas import FirmQuota, FirmUsage, MatterUsage

COUNT_NOW = text("SET CONSTRAINTS count_new_upload, count_upload IMMEDIATE")
"""Has the counters changed at once, and locked until the transaction ends (`migrations/versions/0022`)."""

_CHARGED = func.charged_bytes(
    Upload.state, Upload.received_bytes, Upload.declared_bytes, Upload.announced_bytes, Upload.lease_owner
)


def room_of(tenant: UUID, matter_id: UUID) -> Any:  # noqa: ANN401 -- SQLAlchemy's Select of four columns
    """What is used of both quotas and what was set for them, None where nothing was."""
    return (
        select(
            FirmUsage.used_bytes.label("firm_used"),
            FirmQuota.quota_bytes.label("firm_quota"),
            MatterUsage.used_bytes.label("matter_used"),
            MatterUsage.quota_bytes.label("matter_quota"),
        )
        .select_from(FirmUsage)
        .join(
            MatterUsage,
            and_(MatterUsage.tenant_id == FirmUsage.tenant_id, MatterUsage.matter_id == matter_id),
        )
        .outerjoin(FirmQuota, FirmQuota.tenant_id == FirmUsage.tenant_id)
        .where(FirmUsage.tenant_id == tenant)
    )


def firm_usage(tenant: UUID) -> Any:  # noqa: ANN401 -- as above
    """`used`, `reserved` and `quota` of a firm, in one row whatever there is."""
    return select(
        func.coalesce(_one(FirmUsage.used_bytes, FirmUsage.tenant_id == tenant), 0).label("used"),
        _reserved(Upload.tenant_id == tenant).label("reserved"),
        _one(FirmQuota.quota_bytes, FirmQuota.tenant_id == tenant).label("quota"),
    )


def matter_usages(tenant: UUID) -> Any:  # noqa: ANN401 -- as above
    """The same of each matter of a firm, with its `id`."""
    of_matter = and_(Upload.tenant_id == tenant, Upload.matter_id == Matter.id)
    usage = and_(MatterUsage.tenant_id == Matter.tenant_id, MatterUsage.matter_id == Matter.id)
    return (
        select(
            Matter.id,
            func.coalesce(MatterUsage.used_bytes, 0).label("used"),
            _reserved(of_matter).label("reserved"),
            MatterUsage.quota_bytes.label("quota"),
        )
        .select_from(Matter)
        .outerjoin(MatterUsage, usage)
        .where(Matter.tenant_id == tenant)
    )


def count_open(tenant: UUID, member: UUID, now: datetime) -> Any:  # noqa: ANN401 -- as above
    """How many uploads of a person take content still."""
    return select(func.count()).where(
        Upload.tenant_id == tenant,
        Upload.member_id == member,
        Upload.state == "open",
        Upload.expires_at > now,
    )


def reserved_by(tenant: UUID, member: UUID) -> Any:  # noqa: ANN401 -- as above
    """What the open uploads of a person are charged with, in all."""
    return select(_reserved(and_(Upload.tenant_id == tenant, Upload.member_id == member)))


def _one(column: Any, condition: Any) -> Any:  # noqa: ANN401 -- SQLAlchemy's scalar subquery
    return select(column).where(condition).scalar_subquery()


def _reserved(condition: Any) -> Any:  # noqa: ANN401 -- as above
    charged = select(func.coalesce(func.sum(_CHARGED), literal(0)))
    return charged.where(condition, Upload.state == "open").scalar_subquery()
