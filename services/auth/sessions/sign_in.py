"""Signing in: a password makes a challenge, a code makes a session."""

from uuid import UUID

from sqlalchemy import update

from services.auth.challenges import Purpose, consume_challenge, open_challenge, spend_attempt
from services.auth.errors import ChallengeEnded, SignInFailed
from services.auth.factors import KIND, Proof, prove_code
from services.auth.locks import lock_member
from services.auth.lookups import Account, Place, find_account, find_challenge
from services.auth.policies.errors import PolicyRefused
from services.auth.sessions.schemas import ChallengeAnswer, SecondFactorNeeded, SignIn
from services.auth.sessions.starting import start_or_refuse
from services.auth.throttle import (
    CODES,
    PASSWORDS,
    Attempt,
    count_attempt,
    give_back,
    give_back_source,
    remember,
    source_of,
)
from services.auth.visit import Visit
from services.auth.wire import TokenPair
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.ids import PLATFORM
from services.kernel.problems import Unavailable
from services.keys.passwords import HashState, PasswordMismatchError
from services.tables.auth import Member


async def accept_password(visit: Visit, body: SignIn) -> SecondFactorNeeded:
    """Check the first factor.

    Raises:
        TooManyRequests: there were too many failures, for this address from there.
        SignInFailed: there is no such active member, or the password is another.
    """
    password = body.password.get_secret_value()
    account, attempt, state = await compare_password(visit, (body.email, body.organization_id), password)
    renewed = await _rehash(visit, password) if state is HashState.OUTDATED else None
    place = account.place
    async with visit.act(place.tenant, PLATFORM) as act:
        locked = await lock_member(act.session, place, exclusive=renewed is not None)
        if locked is None or locked.state != "active" or locked.password_hash != account.password_hash:
            raise SignInFailed
        if renewed is not None:
            await _replace_hash(act, account, renewed)
        await give_back(act.session, attempt)
        code, expires_at = await open_challenge(act.session, place, "sign_in", act.now)
        draft = Draft("session.password.accepted", subject=Subject("member", place.id))
        await act.record(draft, place.tenant)
    return SecondFactorNeeded(
        challenge=code.text, factors=[KIND], expires_at=expires_at, organization_id=place.tenant
    )


async def compare_password(
    visit: Visit, who: tuple[str, UUID | None], password: str
) -> tuple[Account, Attempt, HashState]:
    """Find the membership and compare its password; what to give back is returned with it.

    It takes the same time for an unknown account, which is counted as what was asked for. A right password
    is no failure of the address it came from; of the account, it is none once the attempt is given back.

    Args: `who` is the e-mail address and the organization asked for.

    Raises:
        TooManyRequests: there were too many failures.
        SignInFailed: there is no such active member, or the password is another.
    """
    keys, organization = visit.resources.keys, who[1]
    index = keys.email_index(who[0])
    account = await find_account(visit.resources.signin, index, organization, visit.now())
    if account is None:
        tenant, name = PLATFORM, index + (organization.bytes if organization else b"")
    else:
        tenant, name = account.place.tenant, account.place.id.bytes
    attempt = Attempt.of(keys, PASSWORDS, tenant, (name, visit.address))
    source = source_of(keys, visit.address)
    async with visit.transaction(tenant, PLATFORM) as session:
        await count_attempt(session, attempt, visit.now(), source=source)
    try:
        stored = account.password_hash if account else None
        state = await visit.resources.hasher.verify_password(password, stored)
    except PasswordMismatchError:
        raise SignInFailed from None
    except Unavailable:  # nothing was compared
        async with visit.transaction(tenant, PLATFORM) as session:
            await give_back(session, attempt)
            await give_back_source(session, source)
        raise
    if account is None:
        raise SignInFailed
    async with visit.transaction(PLATFORM) as session:
        await give_back_source(session, source)
    return account, attempt, state


async def _rehash(visit: Visit, password: str) -> str | None:
    """A better hash to keep; none when there is no time for it now."""
    try:
        return await visit.resources.hasher.hash_password(password)
    except Unavailable:
        return None


async def _replace_hash(act: Act, account: Account, renewed: str) -> None:
    place = account.place
    await act.session.execute(
        update(Member)
        .where(
            Member.tenant_id == place.tenant,
            Member.id == place.id,
            Member.password_hash == account.password_hash,
        )
        .values(password_hash=renewed)
    )


async def confirm_sign_in(visit: Visit, body: ChallengeAnswer) -> TokenPair:
    """Check the second factor, and start the session.

    Raises:
        ChallengeEnded: the challenge is unknown, used, burnt or over.
        TooManyRequests: too many codes were wrong lately.
        CodeRefused: the code is wrong or was used; one attempt of the challenge is spent.
        PolicyRefused: a policy of one's organization is not met, as is told to nobody before.
    """
    challenge, member, attempt = await spend(visit, body.challenge.get_secret_value(), "sign_in")
    async with (
        visit.identified(member.tenant, Subject("member", member.id)),
        visit.act(member.tenant) as act,
    ):
        await lock_member(act.session, member)
        await consume_challenge(act.session, challenge, act.now)
        proof = Proof(member, body.code.get_secret_value())
        factor = await prove_code(act.session, visit.resources.keys, proof, act.now)
        await give_back(act.session, attempt)
        await remember(act.session, attempt, act.now)
        started = await start_or_refuse(act, visit.resources, member, factor)
    if isinstance(started, PolicyRefused):
        raise started
    return started


async def spend(visit: Visit, secret: str, purpose: Purpose) -> tuple[Place, Place, Attempt]:
    """Take one of the challenge's attempts for good; returns the challenge, its member and what to give back.

    Raises:
        ChallengeEnded: there is no such challenge, or no attempt left.
        TooManyRequests: too many codes were wrong lately; no attempt is taken.
    """
    challenge = await find_challenge(visit.resources.signin, secret)
    if challenge is None:
        raise ChallengeEnded
    async with visit.transaction(challenge.tenant) as session:
        now = visit.now()
        member = Place(challenge.tenant, await spend_attempt(session, challenge, purpose, now))
        who = (member.id.bytes, visit.address)
        attempt = Attempt.of(visit.resources.keys, CODES, member.tenant, who)
        await count_attempt(session, attempt, now)
    return challenge, member, attempt
