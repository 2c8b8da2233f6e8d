"""Grants beside each other: one that would add nothing is refused, and a revocation tells what is left."""

from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from services.docs_api.grants.errors import GrantRedundant
from services.docs_api.grants.schemas import NewGrant
from services.evidence.act import Act
from services.tables.agreements import Grant, held_by
from services.tables.teams import TeamMember


async def require_use(act: Act, matter_id: UUID, new: NewGrant) -> None:
    """Return if `new` opens something, or for some time, that no other grant under its engagement does.

    Raises:
        GrantRedundant: one does. Two of them would let a revocation miss its aim.
    """
    # Of two at once, the one that waited for the other may have come first: it begins now, not then.
    begins = new.starts_at or act.recorder.clock()
    covering = await act.session.scalar(
        select(Grant.id)
        .where(
            Grant.tenant_id == act.principal.firm,
            Grant.matter_id == matter_id,
            # Beside a grant to a team, one in person is of use: it stays when the person leaves the team.
            _same(Grant.member_id, new.member_id),
            _same(Grant.team_id, new.team_id),
            Grant.engagement_id == new.engagement_id,
            Grant.revoked_at.is_(None),
            Grant.classes.bool_op("@>")(new.classes),
            Grant.starts_at <= begins,
            Grant.ends_at >= new.ends_at,
        )
        .order_by(Grant.id)
        .limit(1)
    )
    if covering is not None:
        raise GrantRedundant(None, grant_id=str(covering))


async def remaining_beside(act: Act, revoked: Grant) -> list[UUID]:
    """What still opens a class of `revoked` in its matter, for the same person or to the same team's."""
    found = await act.session.scalars(
        select(Grant.id)
        .where(
            Grant.tenant_id == revoked.tenant_id,
            Grant.matter_id == revoked.matter_id,
            Grant.provider_id == revoked.provider_id,
            _beside(revoked),
            Grant.revoked_at.is_(None),
            Grant.ends_at > act.now,
            Grant.classes.bool_op("&&")(revoked.classes),
        )
        .order_by(Grant.id)
    )
    return list(found)


def _beside(revoked: Grant) -> ColumnElement[bool]:
    if revoked.member_id is not None:
        return held_by(revoked.provider_id, revoked.member_id)
    of_team = select(TeamMember.member_id).where(
        TeamMember.tenant_id == revoked.provider_id, TeamMember.team_id == revoked.team_id
    )
    return or_(Grant.team_id == revoked.team_id, Grant.member_id.in_(of_team))


def _same(column: InstrumentedAttribute[UUID | None], value: UUID | None) -> ColumnElement[bool]:
    return column.is_(None) if value is None else column == value
