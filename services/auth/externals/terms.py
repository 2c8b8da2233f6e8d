"""What is agreed of an external person: when it ends, and who may answer for them.

The end is a condition, not a job: no session lasts beyond it, and from then on nothing signs them in.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.auth.errors import RolesRefused, TermsRefused
from services.auth.externals.schemas import ExternalTerms
from services.auth.lookups import Place
from services.auth.policy import ADMINISTRATOR_OF
from services.evidence.act import Act
from services.kernel.scopes import OrganizationKind, Role
from services.tables.auth import Member
from services.tables.externals import ExternalMember
from services.tables.sessions import Session

LONGEST = timedelta(days=731)
"""Two years: by then somebody has to look at it again."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Terms:
    """`ends_at` is the midnight after the last day."""

    sponsor: UUID
    ends_at: datetime

    def told(self) -> dict[str, object]:
        """For evidence."""
        return {"sponsor": str(self.sponsor), "ends_on": last_day(self.ends_at).isoformat()}


async def require_not_external(act: Act, member: Place) -> None:
    """Return if the member may administer the organization (raises RolesRefused)."""
    if await ends_at(act.session, member) is not None:
        raise RolesRefused("Somebody external does not administer the organization.")


def end_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC) + _DAY


def last_day(ends_at: datetime) -> date:
    return (ends_at - _DAY).astimezone(UTC).date()


async def settle_terms(
    act: Act, asked: ExternalTerms, kind: OrganizationKind, roles: frozenset[Role]
) -> Terms:
    """The terms that were asked for, if they can be.

    Raises:
        TermsRefused: the end is not ahead, or too far; or nobody such can answer for them.
        RolesRefused: an external person would administer the organization.
    """
    if ADMINISTRATOR_OF[kind] in roles:
        raise RolesRefused("Somebody external does not administer the organization.")
    today = act.now.astimezone(UTC).date()
    if not today <= asked.ends_on <= today + LONGEST:
        raise TermsRefused("The last day is today or later, and at most two years ahead.")
    tenant = act.principal.organization
    fit = await act.session.scalar(
        select(Member.id).where(
            Member.tenant_id == tenant,
            Member.id == asked.sponsor_id,
            Member.state == "active",
            ~exists().where(ExternalMember.tenant_id == tenant, ExternalMember.member_id == Member.id),
        )
    )
    if fit is None:
        raise TermsRefused("The sponsor is an active member of the organization who is not external.")
    return Terms(asked.sponsor_id, end_of(asked.ends_on))


async def ends_at(session: AsyncSession, member: Place) -> datetime | None:
    """Until when somebody external belongs to the organization; None for everybody else."""
    wanted = select(ExternalMember.ends_at).where(
        ExternalMember.tenant_id == member.tenant, ExternalMember.member_id == member.id
    )
    found: datetime | None = await session.scalar(wanted)
    return found


async def shorten_sessions(session: AsyncSession, member: Place, end: datetime) -> None:
    """No session of theirs lasts beyond `end`. A later end lengthens none: they sign in again."""
    await session.execute(
        update(Session)
        .where(Session.tenant_id == member.tenant, Session.member_id == member.id, Session.ended_at.is_(None))
        .values(expires_at=func.least(Session.expires_at, end))
    )
