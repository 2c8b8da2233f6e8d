"""A firm of one: its single member may hold the roles that elsewhere watch each other.

The exemption is declared, which is evidence, and ends when a second person joins: from then on there is
somebody to be watched, so the first member keeps every role but `compliance_officer`.
"""

from uuid import UUID

from sqlalchemy import delete, select, update

from services.auth.ending import end_sessions
from services.auth.enrolment.queries import lock_organization, read_organization
from services.auth.errors import NotSolo
from services.auth.locks import lock_member
from services.auth.lookups import Place
from services.auth.policy import decide_roles
from services.evidence.act import Act, check_session
from services.evidence.event import Draft, Subject
from services.kernel.problems import NotFound
from services.kernel.scopes import OrganizationKind, Role
from services.tables.auth import Member, MemberRole, Organization


async def declare_solo(act: Act) -> Organization:
    """Declare the principal's firm solo. Of many at the same time, one does.

    Raises:
        NotSolo: it is no firm, has other members (suspended ones count), or is declared already.
    """
    tenant = act.principal.organization
    await lock_organization(act.session, tenant)
    await check_session(act.session, act.principal, act.now)
    organization = await read_organization(act.session, tenant)
    if organization is None:
        raise NotFound
    single = await _members(act, tenant) == [act.principal.id]
    if organization.kind != OrganizationKind.FIRM or organization.solo_since is not None or not single:
        raise NotSolo
    organization.solo_since = act.now
    change: dict[str, object] = {"member": str(act.principal.id)}
    draft = Draft("organization.solo.declared", subject=Subject("organization", tenant), change=change)
    await act.record(draft, tenant)
    return organization


async def end_solo(act: Act, tenant: UUID) -> None:
    """Somebody joins: if the organization was solo, it is no more. The act must have locked it."""
    ended = await act.session.scalar(
        update(Organization)
        .where(Organization.id == tenant, Organization.solo_since.is_not(None))
        .values(solo_since=None)
        .returning(Organization.id)
    )
    if ended is None:
        return
    await act.record(Draft("organization.solo.ended", subject=Subject("organization", tenant)), tenant)
    for member in await _members(act, tenant):
        await _part_roles(act, Place(tenant, member))


async def _part_roles(act: Act, member: Place) -> None:
    """Take away what the member may not hold beside the rest any more."""
    await lock_member(act.session, member, exclusive=True)
    mine = (MemberRole.tenant_id == member.tenant, MemberRole.member_id == member.id)
    roles = frozenset(Role(role) for role in await act.session.scalars(select(MemberRole.role).where(*mine)))
    if decide_roles(OrganizationKind.FIRM, roles).allowed:
        return
    await act.session.execute(delete(MemberRole).where(*mine, MemberRole.role == Role.COMPLIANCE_OFFICER))
    sessions = await end_sessions(act.session, member, "roles-changed", act.now)
    change: dict[str, object] = {
        "from": sorted(roles),
        "to": sorted(roles - {Role.COMPLIANCE_OFFICER}),
        "sessions": sessions,
    }
    draft = Draft("member.roles.changed", subject=Subject("member", member.id), change=change)
    await act.record(draft, member.tenant)


async def _members(act: Act, tenant: UUID) -> list[UUID]:
    wanted = select(Member.id).where(
        Member.tenant_id == tenant, Member.state.in_(("active", "suspended")), Member.kind == "person"
    )
    return list(await act.session.scalars(wanted))
