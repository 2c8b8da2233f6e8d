"""The administrator enrols anew: a password and an authenticator of their own choice, and no session yet."""

from sqlalchemy import select

from services.auth.credentials.recovery import enrol_anew
from services.auth.credentials.recovery_codes import forget_codes
from services.auth.credentials.replacing import set_password
from services.auth.credentials.schemas import FactorBegun
from services.auth.enrolment.queries import RESET, read_invitation, read_organization
from services.auth.errors import InvitationEnded, InvitationForAnother, PasswordRefused
from services.auth.locks import lock_member
from services.auth.lookups import Place, find_invitation
from services.auth.policy import decide_password
from services.auth.resets.schemas import ResetRedeem
from services.auth.throttle import count_source, give_back_source, source_of
from services.auth.visit import Visit
from services.evidence.event import Draft, Subject
from services.kernel.ids import PLATFORM
from services.kernel.problems import NotFound
from services.tables.auth import FactorReset


async def redeem(visit: Visit, body: ResetRedeem) -> FactorBegun:
    """Begin to enrol anew. As in joining, the code works until the new authenticator is confirmed.

    Raises:
        TooManyRequests: there were too many failures from that address.
        NotFound: there is no such code.
        InvitationEnded: it was used, cancelled, or is over.
        InvitationForAnother: it is for another address.
        PasswordRefused: the password is too easily guessed.
    """
    async with visit.transaction(PLATFORM) as session:
        await count_source(session, source_of(visit.resources.keys, visit.address), visit.now())
    code = await find_invitation(visit.resources.signin, body.code.get_secret_value())
    if code is None:
        raise NotFound
    member, organization = await _examine(visit, code, body)
    password = body.password.get_secret_value()
    decision = decide_password(password, organization=organization, email=body.email)
    if not decision.allowed:
        raise PasswordRefused(decision.reason)
    password_hash = await visit.resources.hasher.hash_password(password)
    async with visit.act(member.tenant) as act:
        locked = await lock_member(act.session, member, exclusive=True)
        await read_invitation(act.session, code, act.now, lock=True)
        if locked is None or locked.state != "active":
            raise InvitationEnded
        await set_password(act, member, password_hash)
        await forget_codes(act.session, member)
        begun = await enrol_anew(act, visit, member, body.email)
        wanted = select(FactorReset.id).where(
            FactorReset.tenant_id == member.tenant, FactorReset.invitation_id == code.id
        )
        change: dict[str, object] = {"reset": str((await act.session.scalars(wanted)).one())}
        draft = Draft("member.recovery.started", subject=Subject("member", member.id), change=change)
        await act.record(draft, member.tenant)
    return begun


async def _examine(visit: Visit, code: Place, body: ResetRedeem) -> tuple[Place, str]:
    """Look at the code before a password is hashed for it; returns whose it is, and of what organization."""
    async with visit.transaction(code.tenant, PLATFORM) as session:
        invitation = await read_invitation(session, code, visit.now())
        organization = await read_organization(session, code.tenant)
        await give_back_source(session, source_of(visit.resources.keys, visit.address))
    if invitation.purpose != RESET or invitation.redeemed_by is None:
        raise NotFound
    if organization is None:
        raise InvitationEnded
    async with visit.identified(code.tenant, Subject("invitation", code.id)):
        if invitation.email_index != visit.resources.keys.email_index(body.email):
            raise InvitationForAnother
    return Place(code.tenant, invitation.redeemed_by), organization.name
