"""Recovery: a password and a recovery code open the enrolment of a new authenticator, and nothing else.

It ends without a session: whoever recovered signs in with password and new authenticator, like everybody.
"""

from services.auth.challenges import consume_challenge, open_challenge
from services.auth.credentials.recovery_codes import replace_codes, use_code
from services.auth.credentials.schemas import FactorBegun, Recover, RecoveryCodes
from services.auth.ending import end_sessions, void_challenges
from services.auth.enrolment.schemas import seed_to_show
from services.auth.errors import ChallengeEnded, SignInFailed
from services.auth.factors import Proof, add_factor, forget_factors, prove_code
from services.auth.locks import confirm_acting, lock_member
from services.auth.lookups import Place
from services.auth.resets.queries import complete_reset
from services.auth.sessions.schemas import ChallengeAnswer
from services.auth.sessions.sign_in import compare_password, spend
from services.auth.throttle import give_back
from services.auth.visit import Visit
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.ids import PLATFORM


async def replace(act: Act) -> RecoveryCodes:
    """New recovery codes for the principal; the older ones are void."""
    await confirm_acting(act, exclusive=True)
    member = Place(act.principal.organization, act.principal.id)
    codes = await replace_codes(act.session, member, act.now)
    draft = Draft("member.recovery_codes.replaced", subject=Subject("member", member.id))
    await act.record(draft, member.tenant)
    return RecoveryCodes(codes=codes)


async def recover(visit: Visit, body: Recover) -> FactorBegun:
    """Begin to enrol a new authenticator. The old one and every session end now.

    Raises:
        TooManyRequests: there were too many failures, for this address from there.
        SignInFailed: there is no such active member, or the password or the code is another, or was used.
    """
    who = (body.email, body.organization_id)
    account, attempt, _ = await compare_password(visit, who, body.password.get_secret_value())
    place = account.place
    async with visit.act(place.tenant, PLATFORM) as act:
        locked = await lock_member(act.session, place, exclusive=True)
        if locked is None or locked.state != "active" or locked.password_hash != account.password_hash:
            raise SignInFailed
        if not await use_code(act.session, place, body.recovery_code.get_secret_value(), act.now):
            raise SignInFailed
        begun = await enrol_anew(act, visit, place, body.email)
        await give_back(act.session, attempt)
        await act.record(Draft("member.recovery.started", subject=Subject("member", place.id)), place.tenant)
    return begun


async def enrol_anew(act: Act, visit: Visit, member: Place, email: str) -> FactorBegun:
    """End what `member` proved themselves with and was signed in by; begin a new authenticator."""
    await void_challenges(act.session, member, act.now)
    await end_sessions(act.session, member, "recovered", act.now)
    await forget_factors(act.session, member)
    seed = await add_factor(act.session, visit.resources.keys, member, act.now)
    code, expires_at = await open_challenge(act.session, member, "recover", act.now)
    return FactorBegun(challenge=code.text, expires_at=expires_at, totp=seed_to_show(seed, email))


async def confirm(visit: Visit, body: ChallengeAnswer) -> None:
    """Confirm the new authenticator with its first code.

    Raises:
        ChallengeEnded: the challenge is unknown, used, burnt or over; or the member is not active any more.
        TooManyRequests: too many codes were wrong lately.
        CodeRefused: the code is wrong; one attempt of the challenge is spent.
    """
    challenge, member, attempt = await spend(visit, body.challenge.get_secret_value(), "recover")
    subject = Subject("member", member.id)
    async with visit.identified(member.tenant, subject), visit.act(member.tenant) as act:
        locked = await lock_member(act.session, member, exclusive=True)
        if locked is None or locked.state != "active":
            raise ChallengeEnded
        await complete_reset(act.session, member, act.now)
        await consume_challenge(act.session, challenge, act.now)
        proof = Proof(member, body.code.get_secret_value(), enrolling=True)
        await prove_code(act.session, visit.resources.keys, proof, act.now)
        await give_back(act.session, attempt)
        await act.record(Draft("member.recovery.completed", subject=subject), member.tenant)
