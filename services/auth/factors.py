"""The second factor: TOTP seeds, several of a person, and codes that each work once with each seed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.auth.errors import CodeRefused
from services.auth.identity import IdentityKeys
from services.auth.lookups import Place
from services.kernel.ids import new_id
from services.keys.totp import matching_step, new_seed
from services.tables.auth import TOTPFactor

KIND = "totp"
ENROLABLE = frozenset({KIND})
"""The kinds of factors that can be enrolled."""
ACR = "aal2"
_METHODS = {KIND: ("otp",)}


@dataclass(frozen=True, slots=True)
class Proved:
    """The factor by which somebody proved themselves beside their password."""

    id: UUID
    kind: str = KIND

    @property
    def amr(self) -> tuple[str, ...]:
        """The methods of a session that it opens (RFC 8176): the one place that says them."""
        return ("pwd", *_METHODS[self.kind])


@dataclass(frozen=True, slots=True)
class Proof:
    """A code that somebody shows. `enrolling`: it is to prove a seed that was just given out."""

    member: Place
    code: str = field(repr=False)
    enrolling: bool = False


async def add_factor(
    session: AsyncSession, keys: IdentityKeys, member: Place, now: datetime, name: str | None = None
) -> str:
    """Give `member` a new seed, not yet confirmed; returns it, to be shown once."""
    seed, factor = new_seed(), new_id(now)
    await session.execute(
        insert(TOTPFactor).values(
            tenant_id=member.tenant,
            id=factor,
            member_id=member.id,
            seed_sealed=keys.seal_seed(member.tenant, factor, seed),
            last_step=0,
            created_at=now,
            name_sealed=None if name is None else keys.seal_factor(member.tenant, factor, name),
        )
    )
    return seed


async def forget_factors(session: AsyncSession, member: Place, *, keep: UUID | None = None) -> None:
    """Remove every factor of `member` but `keep`, confirmed or not."""
    await session.execute(
        delete(TOTPFactor).where(
            TOTPFactor.tenant_id == member.tenant,
            TOTPFactor.member_id == member.id,
            TOTPFactor.id.is_distinct_from(keep),
        )
    )


async def forget_unconfirmed(session: AsyncSession, member: Place) -> None:
    """Remove the seeds that were given out to `member` and never proved."""
    await session.execute(
        delete(TOTPFactor).where(
            TOTPFactor.tenant_id == member.tenant,
            TOTPFactor.member_id == member.id,
            TOTPFactor.confirmed_at.is_(None),
        )
    )


async def prove_code(session: AsyncSession, keys: IdentityKeys, proof: Proof, now: datetime) -> Proved:
    """Accept the code, and of its seed no code of its time step or an earlier one ever again.

    Raises:
        CodeRefused: it is wrong, too old, or used; also when another request was first.
    """
    for factor in await _candidates(session, proof):
        seed = keys.open_seed(factor.tenant_id, factor.id, factor.seed_sealed)
        step = matching_step(seed, proof.code, now=now, last_step=factor.last_step)
        if step is not None:
            return await _use_step(session, factor, step, now)
    raise CodeRefused


async def _use_step(session: AsyncSession, factor: TOTPFactor, step: int, now: datetime) -> Proved:
    won: UUID | None = await session.scalar(
        update(TOTPFactor)
        .where(
            TOTPFactor.tenant_id == factor.tenant_id, TOTPFactor.id == factor.id, TOTPFactor.last_step < step
        )
        .values(last_step=step, confirmed_at=factor.confirmed_at or now)
        .returning(TOTPFactor.id)
    )
    if won is None:
        raise CodeRefused
    return Proved(won)


async def _candidates(session: AsyncSession, proof: Proof) -> Sequence[TOTPFactor]:
    confirmed = TOTPFactor.confirmed_at.is_(None) if proof.enrolling else TOTPFactor.confirmed_at.is_not(None)
    wanted = select(TOTPFactor).where(
        TOTPFactor.tenant_id == proof.member.tenant, TOTPFactor.member_id == proof.member.id, confirmed
    )
    return (await session.scalars(wanted.order_by(TOTPFactor.id))).all()
