"""What an administrator does to a colleague: other roles, suspension, return, off-boarding.

Each of them ends the member's sessions where what a token says would no longer be true, and is evidence in
the organization's own tree and in the tree of every firm in which the member holds a grant.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, insert, select, update

from services.auth.ending import end_sessions, void_challenges, void_invitations
from services.auth.enrolment import queries
from services.auth.errors import (
    LastAdministrator,
    MemberStateConflict,
    RolesRefused,
)
from services.auth.externals.service import tell_of_sponsored
from services.auth.externals.terms import require_not_external
from services.auth.locks import lock_member
from services.auth.lookups import Place
from services.auth.members.grants import firms_with_grants_of
from services.auth.members.schemas import MemberView
from services.auth.members.service import member_view, read_roles
from services.auth.policy import ADMINISTRATOR_OF, decide_roles, member_etag
from services.auth.resources import Resources
from services.auth.teams.service import leave_teams
from services.auth.throttle import lift
from services.evidence.act import Act, check_session
from services.evidence.event import Draft, Subject
from services.kernel.problems import NotFound, PreconditionFailed, PreconditionRequired
from services.kernel.scopes import OrganizationKind, Role
from services.tables.auth import Member, MemberRole

ANYWHERE_BUT_ENROLLING = ("active", "suspended")


@dataclass(frozen=True, slots=True)
class RoleChange:
    """`etag` is what the caller says they saw."""

    member: UUID
    roles: frozenset[Role]
    etag: str | None


@dataclass(frozen=True, slots=True)
class Target:
    """A colleague, locked, as the tables say now."""

    place: Place
    kind: OrganizationKind
    state: str
    roles: frozenset[Role]
    solo: bool

    @property
    def administers(self) -> bool:
        return self.state == "active" and ADMINISTRATOR_OF[self.kind] in self.roles


async def change_roles(act: Act, resources: Resources, change: RoleChange) -> MemberView:
    """Replace all roles of a member. Tokens that say otherwise are refused from now on.

    Raises:
        NotFound: there is no such colleague.
        PreconditionRequired, PreconditionFailed: the caller has not seen what is there now.
        MemberStateConflict: the member has not joined yet, or was removed.
        RolesRefused: nobody may hold these roles together, or not in such an organization.
        LastAdministrator: nobody could administer the organization.
    """
    target = await _target(act, change.member)
    if change.etag is None:
        raise PreconditionRequired
    if change.etag != member_etag(target.place.id, target.state, target.roles):
        raise PreconditionFailed
    _require_state(target, ANYWHERE_BUT_ENROLLING)
    decision = decide_roles(target.kind, change.roles, solo=target.solo)
    if not decision.allowed:
        raise RolesRefused(decision.reason)
    if ADMINISTRATOR_OF[target.kind] in change.roles:
        await require_not_external(act, target.place)
    else:
        await _require_another_administrator(act, target)
    await _replace_roles(act, target, change.roles)
    told: dict[str, object] = {"from": sorted(target.roles), "to": sorted(change.roles)}
    if change.roles != target.roles:
        told["sessions"] = await end_sessions(act.session, target.place, "roles-changed", act.now)
        if ADMINISTRATOR_OF[target.kind] in target.roles - change.roles:
            told["invitations"] = await void_invitations(act.session, target.place, act.now)
    await _record(act, target, "member.roles.changed", told)
    return await _view(act, resources, target.place)


async def suspend(act: Act, resources: Resources, member: UUID) -> MemberView:
    """Keep a member out until they are reinstated.

    Raises:
        NotFound: there is no such colleague.
        MemberStateConflict: the member is not active.
        LastAdministrator: nobody could administer the organization.
    """
    target = await _target(act, member)
    _require_state(target, ("active",))
    await _require_another_administrator(act, target)
    await _stop(act, target, "suspended", "member.suspended")
    await tell_of_sponsored(act, target.place)
    return await _view(act, resources, target.place)


async def offboard(act: Act, resources: Resources, member: UUID) -> MemberView:
    """Remove a member for good. The same person may be invited again, as a new member without any grant.

    Raises:
        NotFound: there is no such colleague.
        MemberStateConflict: the member has not joined yet, or was removed.
        LastAdministrator: nobody could administer the organization.
    """
    target = await _target(act, member)
    _require_state(target, ANYWHERE_BUT_ENROLLING)
    await _require_another_administrator(act, target)
    await _stop(act, target, "removed", "member.offboarded")
    await leave_teams(act, target.place)
    await tell_of_sponsored(act, target.place)
    return await _view(act, resources, target.place)


async def reinstate(act: Act, resources: Resources, member: UUID) -> MemberView:
    """Let a suspended member sign in again.

    Raises:
        NotFound: there is no such colleague.
        MemberStateConflict: the member is not suspended.
    """
    target = await _target(act, member)
    _require_state(target, ("suspended",))
    await _set_state(act, target, "active")
    await _record(act, target, "member.reinstated", {})
    return await _view(act, resources, target.place)


async def unlock(act: Act, resources: Resources, member: UUID) -> MemberView:
    """Let a member try again from anywhere, whose account somebody else has failed at too often.

    Raises:
        NotFound: there is no such colleague.
        MemberStateConflict: the member has not joined yet, or was removed.
    """
    target = await _target(act, member)
    _require_state(target, ANYWHERE_BUT_ENROLLING)
    lifted = await lift(act.session, resources.keys, target.place.tenant, member)
    subject = Subject("member", member)
    await act.record(
        Draft("member.unlocked", subject=subject, change={"counts": lifted}), target.place.tenant
    )
    return await _view(act, resources, target.place)


async def _target(act: Act, member: UUID) -> Target:
    tenant = act.principal.organization
    await queries.lock_organization(act.session, tenant)
    # Two administrators who suspend each other at once come here one after the other: the second is out.
    await check_session(act.session, act.principal, act.now)
    organization = await queries.read_organization(act.session, tenant)
    place = Place(tenant, member)
    locked = await lock_member(act.session, place, exclusive=True)
    if organization is None or locked is None or locked.kind != "person":
        raise NotFound
    roles = await read_roles(act, tenant, [member])
    return Target(
        place=place,
        kind=OrganizationKind(organization.kind),
        state=locked.state,
        roles=frozenset(roles[member]),
        solo=organization.solo_since is not None,
    )


def _require_state(target: Target, states: tuple[str, ...]) -> None:
    if target.state not in states:
        raise MemberStateConflict(f"The member is {target.state}.")


async def _require_another_administrator(act: Act, target: Target) -> None:
    if not target.administers:
        return
    there = await queries.administrators(act.session, target.place.tenant, target.kind)
    if there == {target.place.id}:
        raise LastAdministrator


async def _stop(act: Act, target: Target, state: str, event: str) -> None:
    await _set_state(act, target, state)
    invitations = await void_invitations(act.session, target.place, act.now)
    await void_challenges(act.session, target.place, act.now)
    sessions = await end_sessions(act.session, target.place, state, act.now)
    await _record(act, target, event, {"sessions": sessions, "invitations": invitations})


async def _set_state(act: Act, target: Target, state: str) -> None:
    await act.session.execute(
        update(Member)
        .where(Member.tenant_id == target.place.tenant, Member.id == target.place.id)
        .values(state=state)
    )


async def _replace_roles(act: Act, target: Target, roles: frozenset[Role]) -> None:
    tenant, member = target.place.tenant, target.place.id
    await act.session.execute(
        delete(MemberRole).where(MemberRole.tenant_id == tenant, MemberRole.member_id == member)
    )
    rows = [{"tenant_id": tenant, "member_id": member, "role": role} for role in sorted(roles)]
    await act.session.execute(insert(MemberRole), rows)


async def _record(act: Act, target: Target, event: str, change: dict[str, object]) -> None:
    """One event in the tree of each firm whose grants it touches, and one at home."""
    tenant, subject = target.place.tenant, Subject("member", target.place.id)
    firms = await firms_with_grants_of(act, target.place)
    await act.see(tenant, *firms)
    for firm, grants in sorted(firms.items()):
        await act.record(Draft(event, subject=subject, change={"grants": grants}), firm)
    await act.record(Draft(event, subject=subject, change=change | {"firms": len(firms)}), tenant)


async def _view(act: Act, resources: Resources, place: Place) -> MemberView:
    wanted = select(Member).where(Member.tenant_id == place.tenant, Member.id == place.id)
    row = (await act.session.scalars(wanted)).one()
    roles = await read_roles(act, place.tenant, [place.id])
    return member_view(resources.keys, row, roles[place.id])
