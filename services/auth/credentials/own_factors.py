"""The factors of somebody who is signed in: listed, added beside others, named and removed.

Each change takes the member's row for itself, so that of two removals at once one finds the other's done.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, update

from services.auth.challenges import consume_challenge
from services.auth.credentials.replacing import begin_factor, principal_of
from services.auth.credentials.schemas import FactorBegun, FactorList, FactorName, FactorView
from services.auth.ending import end_sessions_opened_with
from services.auth.errors import ChallengeEnded, LastFactor, TooManyFactors
from services.auth.factors import KIND, Proof, prove_code
from services.auth.identity import IdentityKeys
from services.auth.locks import confirm_acting
from services.auth.lookups import Place
from services.auth.resources import Resources
from services.auth.sessions.schemas import ChallengeAnswer
from services.auth.sessions.sign_in import spend
from services.auth.throttle import give_back
from services.auth.visit import Visit
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.problems import NotFound
from services.keys.totp import STEP_SECONDS
from services.tables.auth import TOTPFactor

MOST: Final = 5
"""A guesser of codes tries all authenticators of an account at once, so they are few."""


async def list_factors(act: Act, keys: IdentityKeys) -> FactorList:
    """One's own factors, the oldest first."""
    views = [_view(keys, row) for row in await _held(act)]
    await _record(act, "member.factor.listed", {"items": len(views)})
    return FactorList(items=views)


async def begin(act: Act, resources: Resources, body: FactorName) -> FactorBegun:
    """Give out a seed for a further authenticator.

    Raises:
        TooManyFactors: there are as many as anybody may have.
    """
    await confirm_acting(act, exclusive=True)
    if len(await _held(act)) >= MOST:
        raise TooManyFactors
    begun = await begin_factor(act, resources, "add", body.name)
    await _record(act, "member.factor.addition.started", {"kind": KIND})
    return begun


async def confirm(visit: Visit, body: ChallengeAnswer) -> FactorView:
    """The new authenticator works from now on, beside the older ones; no session ends.

    Raises:
        ChallengeEnded: the challenge is unknown, another's, used, burnt or over.
        TooManyRequests: too many codes were wrong lately.
        CodeRefused: the code is wrong; one attempt of the challenge is spent.
    """
    principal = principal_of(visit)
    challenge, member, attempt = await spend(visit, body.challenge.get_secret_value(), "add")
    if member != Place(principal.organization, principal.id):
        raise ChallengeEnded
    keys = visit.resources.keys
    async with visit.act(member.tenant) as act:
        await confirm_acting(act, exclusive=True)
        await consume_challenge(act.session, challenge, act.now)
        proof = Proof(member, body.code.get_secret_value(), enrolling=True)
        factor = await prove_code(act.session, keys, proof, act.now)
        await give_back(act.session, attempt)
        await _record(act, "member.factor.added", {"factor": str(factor.id), "kind": factor.kind})
        return next(_view(keys, row) for row in await _held(act) if row.id == factor.id)


async def name_factor(act: Act, keys: IdentityKeys, factor: UUID, body: FactorName) -> FactorView:
    """Say what one calls a factor (raises NotFound)."""
    await confirm_acting(act, exclusive=True)
    row: TOTPFactor | None = await act.session.scalar(
        update(TOTPFactor)
        .where(*_own(act), TOTPFactor.id == factor)
        .values(name_sealed=keys.seal_factor(act.principal.organization, factor, body.name))
        .returning(TOTPFactor)
    )
    if row is None:
        raise NotFound
    await _record(act, "member.factor.named", {"factor": str(factor), "kind": KIND})
    return _view(keys, row)


async def remove(act: Act, factor: UUID) -> None:
    """Remove a factor, and end every session that was opened with it: also the one that asks.

    Raises:
        NotFound: one has no such factor.
        LastFactor: one has no other.
    """
    await confirm_acting(act, exclusive=True)
    held = (await act.session.scalars(select(func.count(TOTPFactor.id)).where(*_own(act)))).one()
    gone = await act.session.scalar(
        delete(TOTPFactor).where(*_own(act), TOTPFactor.id == factor).returning(TOTPFactor.id)
    )
    if gone is None:
        raise NotFound
    if held == 1:
        raise LastFactor  # what was done so far is undone
    member = Place(act.principal.organization, act.principal.id)
    ended = await end_sessions_opened_with(act.session, member, factor, act.now)
    change: dict[str, object] = {"factor": str(factor), "kind": KIND, "sessions": ended}
    await _record(act, "member.factor.removed", change)


def _own(act: Act) -> tuple[ColumnElement[bool], ...]:
    return (
        TOTPFactor.tenant_id == act.principal.organization,
        TOTPFactor.member_id == act.principal.id,
        TOTPFactor.confirmed_at.is_not(None),
    )


async def _held(act: Act) -> Sequence[TOTPFactor]:
    wanted = select(TOTPFactor).where(*_own(act)).order_by(TOTPFactor.id)
    return (await act.session.scalars(wanted.execution_options(populate_existing=True))).all()


def _view(keys: IdentityKeys, row: TOTPFactor) -> FactorView:
    """`last_step` tells when it was used last: when its code was shown, to half a minute."""
    sealed, used = row.name_sealed, row.last_step * STEP_SECONDS
    return FactorView(
        id=row.id,
        kind=KIND,
        name=None if sealed is None else keys.open_factor(row.tenant_id, row.id, sealed),
        added_at=row.confirmed_at or row.created_at,
        used_at=datetime.fromtimestamp(used, UTC) if used else None,
    )


async def _record(act: Act, event: str, change: dict[str, object]) -> None:
    subject = Subject("member", act.principal.id)
    await act.record(Draft(event, subject=subject, change=change), act.principal.organization)
