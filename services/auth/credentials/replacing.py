"""Replacing one's own authenticator and password, by somebody who is signed in."""

from typing import Final, Literal

from sqlalchemy import select, update

from services.auth.challenges import consume_challenge, open_challenge
from services.auth.credentials.schemas import FactorBegun, PasswordChange
from services.auth.ending import end_sessions, void_challenges
from services.auth.enrolment.schemas import seed_to_show
from services.auth.errors import ChallengeEnded, PasswordMismatch, PasswordRefused
from services.auth.factors import Proof, Proved, add_factor, forget_factors, forget_unconfirmed, prove_code
from services.auth.locks import confirm_acting, lock_member
from services.auth.lookups import Place
from services.auth.policy import decide_password
from services.auth.resources import Resources
from services.auth.sessions.schemas import ChallengeAnswer
from services.auth.sessions.sign_in import spend
from services.auth.sessions.stepping import renew_auth_time
from services.auth.throttle import PASSWORDS, Attempt, count_attempt, give_back
from services.auth.visit import Visit
from services.evidence.act import Act, check_session
from services.evidence.event import Draft, Subject
from services.kernel.principal import Principal
from services.kernel.problems import SessionEnded, Unauthorized, Unavailable
from services.keys.passwords import PasswordMismatchError
from services.tables.auth import Member, Organization
from services.tables.sessions import Session

BEGUN: Final[tuple[Literal["replace", "add"], ...]] = ("replace", "add")
"""Purposes of challenges by which somebody who is signed in proves a new factor."""


async def begin_authenticator(act: Act, resources: Resources) -> FactorBegun:
    """A new seed; the present authenticators hold until a code of the new one was shown."""
    await confirm_acting(act, exclusive=True)
    member = Place(act.principal.organization, act.principal.id)
    begun = await begin_factor(act, resources, "replace")
    await act.record(
        Draft("member.factor.replacement.started", subject=Subject("member", member.id)), member.tenant
    )
    return begun


async def begin_factor(
    act: Act, resources: Resources, purpose: Literal["replace", "add"], name: str | None = None
) -> FactorBegun:
    """A seed of the principal's that is not confirmed yet; one begun before, for either purpose, is void."""
    member = Place(act.principal.organization, act.principal.id)
    for begun in BEGUN:
        await void_challenges(act.session, member, act.now, purpose=begun)
    await forget_unconfirmed(act.session, member)
    seed = await add_factor(act.session, resources.keys, member, act.now, name)
    code, expires_at = await open_challenge(act.session, member, purpose, act.now)
    wanted = select(Member.email_sealed).where(Member.tenant_id == member.tenant, Member.id == member.id)
    sealed = (await act.session.scalars(wanted)).one()
    email = resources.keys.open_email(member.tenant, member.id, sealed)
    return FactorBegun(challenge=code.text, expires_at=expires_at, totp=seed_to_show(seed, email))


async def confirm_authenticator(visit: Visit, body: ChallengeAnswer) -> None:
    """The new authenticator replaces all older ones; this session goes on, and every other ends.

    Raises:
        ChallengeEnded: the challenge is unknown, another's, used, burnt or over.
        TooManyRequests: too many codes were wrong lately.
        CodeRefused: the code is wrong; one attempt of the challenge is spent.
    """
    principal = principal_of(visit)
    challenge, member, attempt = await spend(visit, body.challenge.get_secret_value(), "replace")
    if member != Place(principal.organization, principal.id):
        raise ChallengeEnded
    async with visit.act(member.tenant) as act:
        await confirm_acting(act, exclusive=True)
        await consume_challenge(act.session, challenge, act.now)
        proof = Proof(member, body.code.get_secret_value(), enrolling=True)
        factor = await prove_code(act.session, visit.resources.keys, proof, act.now)
        await forget_factors(act.session, member, keep=factor.id)
        await open_with(act, factor)
        await _end_others(act, member, "factor-replaced")
        await renew_auth_time(act)
        await give_back(act.session, attempt)
        await act.record(Draft("member.factor.replaced", subject=Subject("member", member.id)), member.tenant)


async def open_with(act: Act, factor: Proved) -> None:
    """From now on the principal's session counts as opened with `factor`, for what opened it is gone."""
    await act.session.execute(
        update(Session)
        .where(Session.tenant_id == act.principal.organization, Session.id == act.principal.session)
        .values(factor_id=factor.id)
    )


async def change_password(visit: Visit, body: PasswordChange) -> None:
    """Replace the password; this session goes on, and every other ends.

    Raises:
        TooManyRequests: the present password was wrong too often lately.
        PasswordMismatch: it is wrong, or was changed meanwhile.
        PasswordRefused: the new one is too easily guessed.
    """
    principal = principal_of(visit)
    member = Place(principal.organization, principal.id)
    row, organization, attempt = await _count(visit, principal)
    hasher, new = visit.resources.hasher, body.new_password.get_secret_value()
    try:
        await hasher.verify_password(body.password.get_secret_value(), row.password_hash)
    except PasswordMismatchError:
        raise PasswordMismatch from None
    except Unavailable:  # nothing was compared
        async with visit.transaction(member.tenant) as session:
            await give_back(session, attempt)
        raise
    email = visit.resources.keys.open_email(member.tenant, member.id, row.email_sealed)
    decision = decide_password(new, organization=organization, email=email)
    if not decision.allowed:
        raise PasswordRefused(decision.reason)
    fresh_hash = await hasher.hash_password(new)
    async with visit.act(member.tenant) as act:
        locked = await lock_member(act.session, member, exclusive=True)
        if locked is None or locked.password_hash != row.password_hash:
            raise PasswordMismatch
        await check_session(act.session, principal, act.now)
        await set_password(act, member, fresh_hash)
        await _end_others(act, member, "password-changed")
        await give_back(act.session, attempt)
        await act.record(
            Draft("member.password.changed", subject=Subject("member", member.id)), member.tenant
        )


async def set_password(act: Act, member: Place, password_hash: str) -> None:
    await act.session.execute(
        update(Member)
        .where(Member.tenant_id == member.tenant, Member.id == member.id)
        .values(password_hash=password_hash)
    )


async def _count(visit: Visit, principal: Principal) -> tuple[Member, str, Attempt]:
    """Count the attempt, for good until it succeeds; returns what it is judged by."""
    who = (principal.id.bytes, visit.address)
    attempt = Attempt.of(visit.resources.keys, PASSWORDS, principal.organization, who)
    wanted = (
        select(Member, Organization.name)
        .join(Organization, Organization.id == Member.tenant_id)
        .where(Member.tenant_id == principal.organization, Member.id == principal.id)
    )
    async with visit.transaction(principal.organization) as session:
        now = visit.now()
        await check_session(session, principal, now)
        await count_attempt(session, attempt, now)
        found = (await session.execute(wanted)).one_or_none()
    if found is None:
        raise SessionEnded
    return found[0], found[1], attempt


async def _end_others(act: Act, member: Place, reason: str) -> None:
    await void_challenges(act.session, member, act.now)
    await end_sessions(act.session, member, reason, act.now, keep=act.principal.session)


def principal_of(visit: Visit) -> Principal:
    if visit.admission.principal is None:
        raise Unauthorized
    return visit.admission.principal
