"""Matters as somebody may see them, with the keys that open their words."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, select

from services.docs_api.access import TENANT, may_see_matter, on_matter, parameters
from services.docs_api.keys import KEY_COLUMNS, firm_of_matter_key
from services.docs_api.unmet import tell_holder_of_matter
from services.evidence.act import Act
from services.kernel.problems import NotFound
from services.tables.docs import FirmKey, Matter, MatterKey

_COLUMNS = (*Matter.__table__.columns, *KEY_COLUMNS)
MatterRow = Mapping[str, Any]


def with_keys() -> Select[Any]:
    """Matters of the tenant, each with its current key."""
    current = and_(
        MatterKey.tenant_id == Matter.tenant_id,
        MatterKey.matter_id == Matter.id,
        MatterKey.retired_at.is_(None),
    )
    return (
        select(*_COLUMNS)
        .select_from(Matter)
        .join(MatterKey, current)
        .join(FirmKey, firm_of_matter_key())
        .where(Matter.tenant_id == TENANT)
    )


async def visible_matters(act: Act, after: UUID, limit: int) -> list[MatterRow]:
    """The matters that the principal is on, or holds a live grant on, in the order of their ids."""
    visible = may_see_matter(acting_for_another=act.principal.acts_for_another)
    statement = with_keys().where(visible, Matter.id > after).order_by(Matter.id).limit(limit)
    found = await act.session.execute(statement, parameters(act.principal, act.now))
    return [dict(row) for row in found.mappings()]


async def visible_matter(act: Act, matter_id: UUID) -> MatterRow:
    """One matter that the principal is on, or holds a live grant on.

    Raises:
        UnmetCondition: they hold a grant that is not live.
        NotFound: there is none for them.
    """
    visible = may_see_matter(acting_for_another=act.principal.acts_for_another)
    try:
        return await _one(act, with_keys().where(visible, Matter.id == matter_id))
    except NotFound:
        await tell_holder_of_matter(act, matter_id)
        raise


async def own_matter(act: Act, matter_id: UUID) -> MatterRow:
    """One matter that the principal is on, as a member of its firm.

    Raises:
        NotFound: there is none for them.
    """
    if act.principal.acts_for_another:
        raise NotFound
    return await _one(act, with_keys().where(on_matter(), Matter.id == matter_id))


async def firm_matter(act: Act, matter_id: UUID) -> MatterRow:
    """One matter of one's own firm, for those whose office reaches beyond the matters they are on.

    Raises:
        NotFound: the firm has no such matter, or one acts for another.
    """
    if act.principal.acts_for_another:
        raise NotFound
    return await _one(act, with_keys().where(Matter.id == matter_id))


async def _one(act: Act, statement: Select[Any]) -> MatterRow:
    found = await act.session.execute(statement, parameters(act.principal, act.now))
    row = found.mappings().one_or_none()
    if row is None:
        raise NotFound
    return dict(row)
