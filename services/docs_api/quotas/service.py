"""What a firm's administrator learns of the content that the firm holds, and what a matter of it may hold."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from services.docs_api.matters.queries import firm_matter
from services.docs_api.paging import cut, decode_id
from services.docs_api.quotas.charging import limit_of
from services.docs_api.quotas.queries import firm_usage, matter_usages
from services.docs_api.quotas.schemas import MatterUsagePage, MatterUsageView, NewMatterQuota, Usage
from services.docs_api.vault import vault_of
from services.docs_api.wire import ListQuery
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.tables.docs import Matter
from services.tables.quotas import MatterUsage


async def read_usage(act: Act) -> Usage:
    """What one's own firm holds."""
    found = await act.session.execute(firm_usage(act.principal.firm))
    usage = _usage(dict(found.mappings().one()), vault_of(act.request).settings.firm_quota_bytes)
    subject = Subject("organization", act.principal.firm)
    await act.record(Draft("usage.read", subject=subject))
    return Usage(**usage)


async def list_matter_usages(act: Act, query: ListQuery) -> MatterUsagePage:
    """What each matter of one's own firm holds, in the order of their ids; nothing else of them."""
    statement = matter_usages(act.principal.firm).where(Matter.id > decode_id(query.cursor))
    found = await act.session.execute(statement.order_by(Matter.id).limit(query.limit + 1))
    rows, cursor = cut(found.mappings().all(), query.limit, lambda row: row["id"])
    await act.record(Draft("usage.matters.listed", change={"items": len(rows)}))
    return MatterUsagePage(items=[_of_matter(act, dict(row)) for row in rows], next=cursor)


async def set_matter_quota(act: Act, matter_id: UUID, new: NewMatterQuota) -> MatterUsageView:
    """Say how much a matter may hold. What it holds already stays, also if it is more.

    Raises:
        NotFound: the firm has no such matter.
    """
    await firm_matter(act, matter_id)
    row = {"tenant_id": act.principal.firm, "matter_id": matter_id, "quota_bytes": new.quota_bytes}
    statement = insert(MatterUsage).values(row | {"used_bytes": 0})
    await act.session.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "matter_id"], set_={"quota_bytes": new.quota_bytes}
        )
    )
    found = await act.session.execute(matter_usages(act.principal.firm).where(Matter.id == matter_id))
    change: dict[str, object] = {"quota_bytes": new.quota_bytes or "default"}
    subject = Subject("matter", matter_id, matter_id)
    await act.record(Draft("matter.quota.set", subject=subject, change=change))
    return _of_matter(act, dict(found.mappings().one()))


def _of_matter(act: Act, row: Mapping[str, Any]) -> MatterUsageView:
    usage = _usage(row, vault_of(act.request).settings.matter_quota_bytes)
    return MatterUsageView(matter_id=row["id"], **usage)


def _usage(row: Mapping[str, Any], default: int) -> dict[str, Any]:
    reserved = int(row["reserved"])
    return {
        "held_bytes": row["used"] - reserved,
        "reserved_bytes": reserved,
        "quota_bytes": limit_of(row["quota"], default),
        "quota_is_default": row["quota"] is None,
    }
