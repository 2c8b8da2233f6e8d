"""Inviting somebody into one's own organization."""

from datetime import timedelta

from services.auth.enrolment import queries
from services.auth.enrolment.queries import Invited
from services.auth.enrolment.schemas import InvitationMade, NewInvitation
from services.auth.errors import MailNotSetUp, MemberExists, RolesRefused
from services.auth.externals.terms import settle_terms
from services.auth.locks import confirm_acting
from services.auth.lookups import Place
from services.auth.mail import wording
from services.auth.mail.outbox import Posting, post
from services.auth.policy import decide_roles
from services.auth.resources import Resources
from services.auth.teams.queries import require_team
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.problems import NotFound
from services.kernel.scopes import OrganizationKind


async def invite(act: Act, resources: Resources, body: NewInvitation) -> InvitationMade:
    """An invitation for one address; it replaces the older ones for that address.

    Raises:
        RolesRefused: nobody may hold these roles together, or not in such an organization.
        MemberExists: somebody with this address has joined already.
        MailNotSetUp: the code was to be mailed, and nothing is mailed here.
        TermsRefused: somebody external cannot be invited on these terms.
        TeamRefused: the organization has no such team, or closed it.
    """
    await confirm_acting(act)
    if body.deliver == "mail" and resources.mail is None:
        raise MailNotSetUp
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
    terms = None
    if body.external is not None:
        terms = await settle_terms(act, body.external, OrganizationKind(organization.kind), roles)
    if body.team_id is not None:
        await require_team(act, Place(tenant, body.team_id))
    expires_at = act.now + timedelta(seconds=resources.settings.invitation_lifetime_seconds)
    if terms is not None:
        expires_at = min(expires_at, terms.ends_at)
    invited = Invited(tenant, "member", roles, expires_at, index, act.principal.id, body.team_id, terms)
    invitation, code = await queries.add_invitation(act.session, invited, act.now)
    if body.deliver == "mail":
        letter = wording.invitation(
            body.email, organization.name, code.text, expires_at, resources.settings.public_url
        )
        await post(
            act.session,
            resources.keys,
            Posting(tenant, "invitation", invitation, letter, expires_at),
            act.now,
        )
    change: dict[str, object] = {"roles": sorted(roles), "deliver": body.deliver}
    change |= {} if terms is None else terms.told()
    change |= {} if body.team_id is None else {"team": str(body.team_id)}
    await act.record(
        Draft("member.invited", subject=Subject("invitation", invitation), change=change), tenant
    )
    told = code.text if body.deliver == "reply" else None
    return InvitationMade(id=invitation, code=told, roles=sorted(roles), expires_at=expires_at)
