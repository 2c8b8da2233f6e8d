"""Named reads and writes of invitations, and of members who are not members yet."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.auth.codes import Code, CodeKind, new_code
from services.auth.errors import InvitationEnded
from services.auth.externals.terms import Terms
from services.auth.lookups import Place
from services.auth.policy import ADMINISTRATOR_OF
from services.kernel.ids import new_id
from services.kernel.scopes import OrganizationKind, Role
from services.tables.auth import Invitation, Member, MemberRole, Organization, TOTPFactor
from services.tables.sessions import Challenge

RESET = "factor_reset"
"""The purpose of a code that lets a member enrol anew; its `redeemed_by` says from the start who."""


@dataclass(frozen=True, slots=True)
class Invited:
    """Who is invited, to what. `purpose` is `operator`, `first_administrator`, `member` or `RESET`."""

    tenant: UUID
    purpose: str
    roles: frozenset[Role]
    expires_at: datetime
    email_index: bytes | None = None
    invited_by: UUID | None = None
    team: UUID | None = None
    terms: Terms | None = None


async def add_invitation(session: AsyncSession, invited: Invited, now: datetime) -> tuple[UUID, Code]:
    """A new invitation; the older ones that it replaces are void from now on."""
    await _void_older(session, invited, now)
    code, invitation = new_code(CodeKind.INVITATION), new_id(now)
    await session.execute(
        insert(Invitation).values(
            tenant_id=invited.tenant,
            id=invitation,
            purpose=invited.purpose,
            code_sha256=code.sha256,
            email_index=invited.email_index,
            roles=sorted(invited.roles),
            team_id=invited.team,
            sponsor_id=invited.terms and invited.terms.sponsor,
            ends_at=invited.terms and invited.terms.ends_at,
            invited_by=invited.invited_by,
            created_at=now,
            expires_at=invited.expires_at,
        )
    )
    return invitation, code


async def _void_older(session: AsyncSession, invited: Invited, now: datetime) -> None:
    await session.execute(
        update(Invitation)
        .where(
            Invitation.tenant_id == invited.tenant,
            Invitation.purpose == invited.purpose,
            Invitation.email_index.is_not_distinct_from(invited.email_index),
            Invitation.redeemed_at.is_(None),
            Invitation.expires_at > now,
        )
        .values(expires_at=now)
    )


async def read_invitation(
    session: AsyncSession, place: Place, now: datetime, *, lock: bool = False
) -> Invitation:
    """The invitation, while it is good.

    Raises:
        InvitationEnded: it was used, replaced, or is over.
    """
    wanted = select(Invitation).where(
        Invitation.tenant_id == place.tenant,
        Invitation.id == place.id,
        Invitation.redeemed_at.is_(None),
        Invitation.expires_at > now,
    )
    found = (await session.scalars(wanted.with_for_update() if lock else wanted)).one_or_none()
    if found is None:
        raise InvitationEnded
    return found


async def consume_invitation(session: AsyncSession, member: Place, now: datetime) -> Invitation:
    """Use up the invitation that `member` is enrolling with: of many at the same time, one does.

    Raises:
        InvitationEnded: it was used, replaced, or is over.
    """
    consumed = await session.scalars(
        update(Invitation)
        .where(
            Invitation.tenant_id == member.tenant,
            Invitation.redeemed_by == member.id,
            Invitation.redeemed_at.is_(None),
            Invitation.expires_at > now,
        )
        .values(redeemed_at=now)
        .returning(Invitation)
    )
    invitation = consumed.one_or_none()
    if invitation is None:
        raise InvitationEnded
    return invitation


async def read_organization(session: AsyncSession, tenant: UUID) -> Organization | None:
    """The organization, while it is open."""
    wanted = select(Organization).where(Organization.id == tenant, Organization.state == "active")
    found: Organization | None = await session.scalar(wanted)
    return found


async def lock_organization(session: AsyncSession, tenant: UUID) -> None:
    """From here on nobody else decides who the organization's people and administrators are."""
    wanted = select(Organization.id).where(Organization.id == tenant)
    await session.execute(wanted.with_for_update(key_share=True))


async def has_administrator(session: AsyncSession, tenant: UUID, kind: OrganizationKind) -> bool:
    return bool(await administrators(session, tenant, kind))


async def administrators(session: AsyncSession, tenant: UUID, kind: OrganizationKind) -> frozenset[UUID]:
    """The active administrators."""
    found = await session.scalars(
        select(Member.id)
        .join(MemberRole, (MemberRole.tenant_id == Member.tenant_id) & (MemberRole.member_id == Member.id))
        .where(
            Member.tenant_id == tenant, Member.state == "active", MemberRole.role == ADMINISTRATOR_OF[kind]
        )
    )
    return frozenset(found)


async def is_member(session: AsyncSession, tenant: UUID, email_index: bytes) -> bool:
    """Whether somebody with this address has joined and was not removed since."""
    found = await session.scalar(
        select(Member.id).where(
            Member.tenant_id == tenant,
            Member.email_index == email_index,
            Member.state.in_(("active", "suspended")),
        )
    )
    return found is not None


async def remove_unfinished(session: AsyncSession, invitation: Invitation, email_index: bytes) -> None:
    """Forget an enrolment that was begun and not confirmed, with its seed and its challenges."""
    tenant = invitation.tenant_id
    who = (Member.email_index == email_index) | (Member.id == invitation.redeemed_by)
    wanted = select(Member.id).where(Member.tenant_id == tenant, Member.state == "enrolling", who)
    unfinished = (await session.scalars(wanted)).all()
    for table in (Challenge, TOTPFactor):
        await session.execute(delete(table).where(table.tenant_id == tenant, table.member_id.in_(unfinished)))
    await session.execute(delete(Member).where(Member.tenant_id == tenant, Member.id.in_(unfinished)))


async def activate(session: AsyncSession, member: Place, roles: list[str]) -> bool:
    """Make an enrolling person a member with these roles. Whether this call did."""
    activated = await session.scalar(
        update(Member)
        .where(Member.tenant_id == member.tenant, Member.id == member.id, Member.state == "enrolling")
        .values(state="active")
        .returning(Member.id)
    )
    if activated is None:
        return False
    rows = [{"tenant_id": member.tenant, "member_id": member.id, "role": role} for role in roles]
    await session.execute(insert(MemberRole), rows)
    return True
