"""What an invitation says beside the roles, carried out when it is used up: a team, and an end."""

from sqlalchemy import select

from services.auth.errors import InvitationEnded
from services.auth.externals.service import keep_terms
from services.auth.externals.terms import Terms
from services.auth.lookups import Place
from services.auth.teams.queries import find_open
from services.auth.teams.service import join_team, record_change
from services.evidence.act import Act
from services.tables.auth import Invitation, Member


async def carry_out(act: Act, invitation: Invitation, member: Place) -> dict[str, object]:
    """Put the new member into the team, if it still is one, and keep their end; returns what to record.

    Raises:
        InvitationEnded: nobody answers for the new member any more.
    """
    told: dict[str, object] = {}
    if invitation.sponsor_id is not None and invitation.ends_at is not None:
        terms = Terms(invitation.sponsor_id, invitation.ends_at)
        await _require_sponsor(act, Place(member.tenant, invitation.sponsor_id))
        await keep_terms(act, member, terms, invitation.invited_by)
        told |= terms.told()
    if invitation.team_id is None or invitation.invited_by is None:
        return told
    team = Place(member.tenant, invitation.team_id)
    if await find_open(act, team) is not None:
        await join_team(act, team, member.id, invitation.invited_by)
        await record_change(act, team, "team.member.added", {"member": str(member.id)})
        told["team"] = str(team.id)
    return told


async def _require_sponsor(act: Act, sponsor: Place) -> None:
    here = select(Member.id).where(
        Member.tenant_id == sponsor.tenant, Member.id == sponsor.id, Member.state == "active"
    )
    if await act.session.scalar(here) is None:
        raise InvitationEnded
