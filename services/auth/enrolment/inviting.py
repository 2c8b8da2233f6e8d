"""Inviting somebody into one's own organization."""

from datetime import timedelta

from services.auth.enrolment import queries
from services.auth.enrolment.queries import Invited
from services.auth.enrolment.schemas import InvitationMade, NewInvitation
from services.auth.errors import MemberExists, RolesRefused
from services.auth.locks import confirm_acting
from services.auth.policy import decide_roles
from services.auth.resources import Resources
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.problems import NotFound
from services.kernel.scopes import OrganizationKind


async def invite(act: Act, resources: Resources, body: NewInvitation) -> InvitationMade:
    """An invitation for one address; it replaces the older ones for that address.

    Raises:
        RolesRefused: nobody may hold these roles together, or not in such an organization.
        MemberExists: somebody with this address has joined already.
    """
    await confirm_acting(act)
    tenant, roles = act.principal.organization, frozenset(body.roles)
    organization = await queries.read_organization(act.session, tenant)
    if organization is None:
        raise NotFound
    decision = decide_roles(OrganizationKind(organization.kind), roles)
    if not decision.allowed:
        raise RolesRefused(decision.reason)
    index = resources.keys.email_index(body.email)
    if await queries.is_member(act.session, tenant, index):
        raise MemberExists
    expires_at = act.now + timedelta(seconds=resources.settings.invitation_lifetime_seconds)
    invited = Invited(tenant, "member", roles, expires_at, index, act.principal.id)
    invitation, code = await queries.add_invitation(act.session, invited, act.now)
    change: dict[str, object] = {"roles": sorted(roles)}
    await act.record(
        Draft("member.invited", subject=Subject("invitation", invitation), change=change), tenant
    )
    return InvitationMade(id=invitation, code=code.text, roles=sorted(roles), expires_at=expires_at)
