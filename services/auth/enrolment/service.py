"""Joining: an invitation is redeemed with address, name and password, and used up by the first code.

Until then a repeated redeem of the same code replaces what was begun, so that a closed window locks nobody
out. Locks are taken in one order everywhere: see `locks`.
"""

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from services.auth.challenges import consume_challenge, open_challenge
from services.auth.enrolment import queries
from services.auth.enrolment.schemas import Enrolment, Join, JoinedOrganization, seed_to_show
from services.auth.enrolment.solo import end_solo
from services.auth.enrolment.terms import carry_out
from services.auth.errors import InvitationEnded, InvitationForAnother, MemberExists, PasswordRefused
from services.auth.factors import Proof, add_factor, prove_code
from services.auth.lookups import Place, find_invitation
from services.auth.policy import decide_password
from services.auth.sessions.schemas import ChallengeAnswer
from services.auth.sessions.sign_in import spend
from services.auth.sessions.starting import start_session
from services.auth.throttle import count_source, give_back, give_back_source, remember, source_of
from services.auth.visit import Visit
from services.auth.wire import TokenPair
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.ids import PLATFORM, new_id
from services.kernel.problems import NotFound
from services.kernel.scopes import OrganizationKind, Role
from services.tables.auth import Invitation, Member, Organization


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who redeems an invitation, as their row will say."""

    email: str
    email_index: bytes
    name: str
    password_hash: str = field(repr=False)


async def redeem(visit: Visit, body: Join) -> Enrolment:
    """Begin an enrolment.

    Raises:
        TooManyRequests: there were too many failures from that address.
        NotFound: there is no such invitation.
        InvitationEnded: it was used, replaced, or is over.
        InvitationForAnother: it is bound to another address.
        MemberExists: somebody with this address has joined already.
        PasswordRefused: the password is too easily guessed.
    """
    async with visit.transaction(PLATFORM) as session:
        await count_source(session, source_of(visit.resources.keys, visit.address), visit.now())
    place = await find_invitation(visit.resources.signin, body.code.get_secret_value())
    if place is None:
        raise NotFound
    organization = await _examine(visit, place, body)
    password = body.password.get_secret_value()
    decision = decide_password(password, organization=organization.name, email=body.email)
    if not decision.allowed:
        raise PasswordRefused(decision.reason)
    newcomer = Newcomer(
        email=body.email,
        email_index=visit.resources.keys.email_index(body.email),
        name=body.name,
        password_hash=await visit.resources.hasher.hash_password(password),
    )
    try:
        async with visit.act(place.tenant) as act:
            invitation = await queries.read_invitation(act.session, place, act.now, lock=True)
            return await _begin(visit, act, (invitation, organization), newcomer)
    except IntegrityError:  # two invitations for one address, redeemed at the same time
        raise MemberExists from None


async def _examine(visit: Visit, place: Place, body: Join) -> Organization:
    """Look at the invitation before a password is hashed for it; returns the organization."""
    index = visit.resources.keys.email_index(body.email)
    async with visit.transaction(place.tenant, PLATFORM) as session:
        invitation = await queries.read_invitation(session, place, visit.now())
        organization = await queries.read_organization(session, place.tenant)
        known = await queries.is_member(session, place.tenant, index)
        await give_back_source(session, source_of(visit.resources.keys, visit.address))
    if organization is None:
        raise InvitationEnded
    if invitation.purpose == queries.RESET:  # redeemed elsewhere, and by a member
        raise NotFound
    async with visit.identified(place.tenant, Subject("invitation", place.id)):
        if invitation.email_index not in {None, index}:
            raise InvitationForAnother
        if known:
            raise MemberExists
    return organization


async def _begin(
    visit: Visit, act: Act, joining: tuple[Invitation, Organization], newcomer: Newcomer
) -> Enrolment:
    invitation, organization = joining
    keys = visit.resources.keys
    await queries.remove_unfinished(act.session, invitation, newcomer.email_index)
    member = Place(organization.id, new_id(act.now))
    await _insert(visit, act, member, newcomer)
    await _bind(act, invitation.id, member)
    seed = await add_factor(act.session, keys, member, act.now)
    code, expires_at = await open_challenge(act.session, member, "enrol", act.now)
    roles = sorted(invitation.roles)
    change: dict[str, object] = {"invitation": str(invitation.id), "roles": roles}
    await act.record(
        Draft("member.enrolment.started", subject=Subject("member", member.id), change=change), member.tenant
    )
    return Enrolment(
        challenge=code.text,
        expires_at=expires_at,
        totp=seed_to_show(seed, newcomer.email),
        member_id=member.id,
        organization=JoinedOrganization(
            id=organization.id, kind=OrganizationKind(organization.kind), name=organization.name
        ),
        roles=[Role(role) for role in roles],
    )


async def _insert(visit: Visit, act: Act, member: Place, newcomer: Newcomer) -> None:
    keys = visit.resources.keys
    await act.session.execute(
        insert(Member).values(
            tenant_id=member.tenant,
            id=member.id,
            email_index=newcomer.email_index,
            email_sealed=keys.seal_email(member.tenant, member.id, newcomer.email),
            name_sealed=keys.seal_name(member.tenant, member.id, newcomer.name),
            password_hash=newcomer.password_hash,
            state="enrolling",
            created_at=act.now,
        )
    )


async def _bind(act: Act, invitation: UUID, member: Place) -> None:
    await act.session.execute(
        update(Invitation)
        .where(Invitation.tenant_id == member.tenant, Invitation.id == invitation)
        .values(redeemed_by=member.id)
    )


async def confirm(visit: Visit, body: ChallengeAnswer) -> TokenPair:
    """Finish an enrolment with the first code of the new seed, and sign the member in.

    Raises:
        ChallengeEnded: the challenge is unknown, used, burnt or over.
        TooManyRequests: too many codes were wrong lately.
        CodeRefused: the code is wrong; one attempt of the challenge is spent.
        InvitationEnded: the invitation was used, or replaced, meanwhile.
    """
    challenge, member, attempt = await spend(visit, body.challenge.get_secret_value(), "enrol")
    async with (
        visit.identified(member.tenant, Subject("member", member.id)),
        visit.act(member.tenant) as act,
    ):
        await queries.lock_organization(act.session, member.tenant)
        await end_solo(act, member.tenant)
        invitation = await queries.consume_invitation(act.session, member, act.now)
        await _refuse_second_administrator(act, invitation)
        await consume_challenge(act.session, challenge, act.now)
        proof = Proof(member, body.code.get_secret_value(), enrolling=True)
        factor = await prove_code(act.session, visit.resources.keys, proof, act.now)
        await give_back(act.session, attempt)
        await remember(act.session, attempt, act.now)
        if not await queries.activate(act.session, member, invitation.roles):
            raise InvitationEnded
        change: dict[str, object] = {"invitation": str(invitation.id), "roles": sorted(invitation.roles)}
        change |= await carry_out(act, invitation, member)
        await act.record(
            Draft("member.joined", subject=Subject("member", member.id), change=change), member.tenant
        )
        return await start_session(act, visit.resources, member, factor)


async def _refuse_second_administrator(act: Act, invitation: Invitation) -> None:
    """A code for the first administrator is dead once there is one, however it came to be."""
    if invitation.purpose == "member":
        return
    organization = await queries.read_organization(act.session, invitation.tenant_id)
    if organization is None or await queries.has_administrator(
        act.session, organization.id, OrganizationKind(organization.kind)
    ):
        raise InvitationEnded
