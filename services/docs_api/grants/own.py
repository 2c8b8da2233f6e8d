"""One's own grants, and what they wait for."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select

from services.docs_api.access import MEMBER, ORGANIZATION, TENANT, parameters
from services.docs_api.grants.schemas import Lifting, OwnGrantPage, OwnGrantView
from services.docs_api.paging import cut, decode_id
from services.docs_api.unmet import FAILED, FAILED_OF_GRANT, failed_conditions, liftings
from services.docs_api.wire import ListQuery
from services.evidence.act import Act
from services.evidence.event import Draft
from services.tables.agreements import Engagement, Grant, held_by
from services.tables.docs import Matter

_ENGAGED = and_(Engagement.tenant_id == Grant.tenant_id, Engagement.id == Grant.engagement_id)


async def list_own_grants(act: Act, query: ListQuery) -> OwnGrantPage:
    """The principal's grants for the acting firm that were neither revoked nor ran out, in open matters."""
    columns: tuple[Any, ...] = (Grant, Grant.engagement_id, Engagement.nda_version, *FAILED)
    found = await act.session.execute(
        select(*columns)
        .join(Engagement, _ENGAGED)
        .join(Matter, and_(Matter.tenant_id == Grant.tenant_id, Matter.id == Grant.matter_id))
        .where(
            Grant.tenant_id == TENANT,
            held_by(ORGANIZATION, MEMBER),
            Grant.revoked_at.is_(None),
            Grant.ends_at > act.now,
            Matter.state == "open",
            Grant.id > decode_id(query.cursor),
        )
        .order_by(Grant.id)
        .limit(query.limit + 1),
        parameters(act.principal, act.now),
    )
    rows, cursor = cut(found.mappings().all(), query.limit, lambda row: row["Grant"].id)
    await act.record(Draft("grant.own.listed", change={"items": len(rows)}))
    items = [_own_view(row["Grant"], liftings(dict(row))) for row in rows]
    return OwnGrantPage(items=items, next=cursor)


async def pending_conditions(act: Act, grants: Collection[UUID]) -> dict[UUID, list[str]]:
    """What each of these grants of the acting firm waits for, without what is each person's in a team."""
    columns: tuple[Any, ...] = (Grant.id, *FAILED_OF_GRANT)
    found = await act.session.execute(
        select(*columns).join(Engagement, _ENGAGED).where(Grant.tenant_id == TENANT, Grant.id.in_(grants)),
        parameters(act.principal, act.now),
    )
    return {row["id"]: failed_conditions(dict(row)) for row in found.mappings()}


def _own_view(row: Grant, waiting: list[dict[str, object]]) -> OwnGrantView:
    return OwnGrantView(
        id=row.id,
        matter_id=row.matter_id,
        engagement_id=row.engagement_id,
        team_id=row.team_id,
        classes=row.classes,
        permissions=row.permissions,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        conditions=[Lifting.model_validate(entry, strict=False) for entry in waiting],
    )
