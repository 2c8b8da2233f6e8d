"""Slows whoever guesses: failures are counted for an account, and for an account from one address.

An attempt is counted before it is judged and given back when it succeeds, so that parallel guesses cannot
slip past the limit. An account under attack is not locked: once it has failed too often, each address is
merely allowed less, and somebody who comes from elsewhere with the right secret gets in. Whether an account
exists makes no difference.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import case, delete, func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.auth.identity import IdentityKeys
from services.kernel.problems import TooManyRequests
from services.tables.auth import Throttle


@dataclass(frozen=True, slots=True)
class Rule:
    """How often one may fail. `slowed_per_address` holds while the account is over `per_account`."""

    kind: str
    per_address: int
    address_window: timedelta
    per_account: int
    account_window: timedelta
    slowed_per_address: int


PASSWORDS: Final = Rule("password", 10, timedelta(minutes=15), 50, timedelta(hours=1), 3)
# A code has a million values, so its guesses are capped for the account as a whole (NIST SP 800-63B 5.2.2:
# 100 failures); who gets to guess here has the password already.
CODES: Final = Rule("code", 10, timedelta(minutes=15), 100, timedelta(days=1), 0)
STEP_UPS: Final = Rule("step-up", 5, timedelta(minutes=15), 100, timedelta(days=1), 0)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at an account from an address, as the two rows that count it."""

    rule: Rule
    tenant: UUID
    account: bytes
    pair: bytes

    @classmethod
    def of(cls, keys: IdentityKeys, rule: Rule, tenant: UUID, who: tuple[bytes, str]) -> "Attempt":
        """Args: `who` is the account (index of an address, id of a member) and the network address."""
        account, address = who
        return cls(
            rule,
            tenant,
            keys.throttle_source(rule.kind, account),
            keys.throttle_source(f"{rule.kind}-from", account, address),
        )


async def count_attempt(session: AsyncSession, attempt: Attempt, now: datetime) -> None:
    """Count `attempt` as failed until it is given back.

    Raises:
        TooManyRequests: there were too many; nothing is counted.
    """
    rule = attempt.rule
    # The account's row first, always, so that two attempts never wait for each other.
    account, account_ends = await _add(session, (attempt.tenant, attempt.account), rule.account_window, now)
    pair, pair_ends = await _add(session, (attempt.tenant, attempt.pair), rule.address_window, now)
    slowed = account > rule.per_account
    if pair > (rule.slowed_per_address if slowed else rule.per_address):
        ends = account_ends if slowed and rule.slowed_per_address == 0 else pair_ends
        raise TooManyRequests(max(1, int((ends - now).total_seconds())))


async def give_back(session: AsyncSession, attempt: Attempt) -> None:
    """The attempt succeeded: forget the failures from its address, and this one of the account."""
    await session.execute(
        update(Throttle)
        .where(Throttle.tenant_id == attempt.tenant, Throttle.source == attempt.account)
        .values(failures=func.greatest(Throttle.failures - 1, 0))
    )
    await session.execute(
        delete(Throttle).where(Throttle.tenant_id == attempt.tenant, Throttle.source == attempt.pair)
    )


async def _add(
    session: AsyncSession, key: tuple[UUID, bytes], window: timedelta, now: datetime
) -> tuple[int, datetime]:
    """One failure more; a window begins with its first failure and is not prolonged by others."""
    fresh = insert(Throttle).values(tenant_id=key[0], source=key[1], failures=1, window_ends_at=now + window)
    over = Throttle.window_ends_at <= now
    counted = fresh.on_conflict_do_update(
        index_elements=[Throttle.tenant_id, Throttle.source],
        set_={
            "failures": case((over, 1), else_=Throttle.failures + 1),
            "window_ends_at": case((over, now + window), else_=Throttle.window_ends_at),
        },
    ).returning(Throttle.failures, Throttle.window_ends_at)
    failures, ends = (await session.execute(counted)).one()
    return failures, ends
