"""Slows whoever guesses: failures count for an account, for an account from one address, and for an address.

An account is the membership that the secret is compared with; who is not found is counted as address and
organization asked for, so whether an account exists makes no difference. An address is an IPv4 address, or
the /64 of an IPv6 one. An attempt is counted before it is judged, so that parallel guesses cannot slip past
the limit; a success gives back its own attempt and nobody's failure.

- An account under attack is not locked: once it has failed too often, each address is merely allowed less,
  and somebody who comes from elsewhere with the right secret gets in.
- After `per_day` wrong passwords only addresses from which somebody signed in to the account within
  `REMEMBERED` may try, until a day after the first of them. So whoever is attacked that long and is somewhere
  new waits; who is where they always are does not.
- An administrator can lift what an attack has cost a member's account (`lift`); that opens nothing by itself.
- An address that fails too often, whomever it tries, waits: `PER_SOURCE`.

Rows whose window is over are deleted in passing, a few at a time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final
from uuid import UUID

from sqlalchemy import case, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.auth.identity import IdentityKeys
from services.kernel.ids import PLATFORM
from services.kernel.problems import TooManyRequests
from services.tables.sessions import Throttle


@dataclass(frozen=True, slots=True)
class Rule:
    """How often one may fail. `slowed_per_address` holds while the account is over `per_account`."""

    kind: str
    per_address: int
    address_window: timedelta
    per_account: int
    account_window: timedelta
    slowed_per_address: int
    per_day: int | None = None


DAY: Final = timedelta(days=1)
PASSWORDS: Final = Rule("password", 10, timedelta(minutes=15), 50, timedelta(hours=1), 3, per_day=100)
# A code has a million values, so its guesses are capped for the account as a whole (NIST SP 800-63B 5.2.2:
# 100 failures); who gets to guess here has the password already.
CODES: Final = Rule("code", 10, timedelta(minutes=15), 100, DAY, 0)
# Nobody guesses a signature: this keeps one machine with a wrong clock, or many with one, from being a load.
ASSERTIONS: Final = Rule("assertion", 30, timedelta(minutes=15), 300, timedelta(hours=1), 10)
# Of the 2.5e10 codes of devices a handful are alive; whoever guesses is signed in, and known by name.
DEVICE_CODES: Final = Rule("device-code", 10, timedelta(minutes=15), 50, DAY, 0)
# Nobody is known yet who asks for a code: all of them are one account.
DEVICES: Final = Rule("device", 20, timedelta(minutes=15), 1000, timedelta(hours=1), 3)
STEP_UPS: Final = Rule("step-up", 5, timedelta(minutes=15), 100, DAY, 0)
# What gives nothing up leaves an event all the same; nobody has to say who they are.
REVOCATIONS: Final = Rule("revocation", 60, timedelta(minutes=15), 10_000, timedelta(hours=1), 10)
OF_MEMBERS: Final = (PASSWORDS, CODES, DEVICE_CODES, STEP_UPS)

PER_SOURCE: Final = 60
SOURCE_WINDOW: Final = timedelta(minutes=15)
REMEMBERED: Final = timedelta(days=30)
SWEPT_AT_ONCE: Final = 20


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at an account from an address, as the rows that count it."""

    rule: Rule
    tenant: UUID
    account: bytes
    day: bytes
    pair: bytes
    known: bytes

    @classmethod
    def of(cls, keys: IdentityKeys, rule: Rule, tenant: UUID, who: tuple[bytes, str]) -> "Attempt":
        """Args: `who` is the account (id of a member, or what was asked for) and the network address."""
        account, address = who[0], network_of(who[1])
        return cls(
            rule,
            tenant,
            keys.throttle_source(rule.kind, account),
            keys.throttle_source(f"{rule.kind}-day", account),
            keys.throttle_source(f"{rule.kind}-from", account, address),
            keys.throttle_source("known-from", account, address),
        )


def network_of(address: str) -> str:
    """What counts as one address: an IPv4 address, the /64 of an IPv6 one."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((parsed, 64), strict=False))


def source_of(keys: IdentityKeys, address: str) -> bytes:
    """The row that counts an address, whomever it tries."""
    return keys.throttle_source("source", b"", network_of(address))


async def count_attempt(
    session: AsyncSession, attempt: Attempt, now: datetime, *, source: bytes | None = None
) -> None:
    """Count `attempt` as failed until it is given back; with `source`, for the address as well.

    Raises:
        TooManyRequests: there were too many; nothing is counted.
    """
    rule, tenant = attempt.rule, attempt.tenant
    # The account's row first, always, so that two attempts never wait for each other; the source's, for
    # which the most wait, last.
    account, account_ends = await _add(session, (tenant, attempt.account), rule.account_window, now)
    if rule.per_day is not None:
        today, day_ends = await _add(session, (tenant, attempt.day), DAY, now)
        if today > rule.per_day and not await _is_known(session, attempt, now):
            raise _wait(day_ends, now)
    pair, pair_ends = await _add(session, (tenant, attempt.pair), rule.address_window, now)
    slowed = account > rule.per_account
    if pair > (rule.slowed_per_address if slowed else rule.per_address):
        raise _wait(account_ends if slowed and rule.slowed_per_address == 0 else pair_ends, now)
    if source is not None:
        await count_source(session, source, now)
    await _sweep(session, tenant, now)


async def count_source(session: AsyncSession, source: bytes, now: datetime) -> None:
    """Count a failure of an address, until it is given back. The transaction must reach `PLATFORM`.

    Raises:
        TooManyRequests: there were too many; nothing is counted.
    """
    failures, ends = await _add(session, (PLATFORM, source), SOURCE_WINDOW, now)
    if failures > PER_SOURCE:
        raise _wait(ends, now)
    await _sweep(session, PLATFORM, now)


async def give_back(session: AsyncSession, attempt: Attempt) -> None:
    """The attempt succeeded: it is no failure. What failed before stays counted."""
    for source in (attempt.account, attempt.day, attempt.pair):
        await _take(session, attempt.tenant, source)


async def give_back_source(session: AsyncSession, source: bytes) -> None:
    """As `give_back`, for the address; in a short transaction, as many wait for this row."""
    await _take(session, PLATFORM, source)


async def lift(session: AsyncSession, keys: IdentityKeys, tenant: UUID, member: UUID) -> int:
    """Forget what an attack has cost a member's account: what failed there counts for nobody else any more.

    What an address failed itself stays counted, for its quarter of an hour. Returns how many counts went.
    """
    kinds = [kind for rule in OF_MEMBERS for kind in (rule.kind, f"{rule.kind}-day")]
    sources = [keys.throttle_source(kind, member.bytes) for kind in kinds]
    lifted = await session.scalars(
        delete(Throttle)
        .where(Throttle.tenant_id == tenant, Throttle.source.in_(sources))
        .returning(Throttle.source)
    )
    return len(lifted.all())


async def remember(session: AsyncSession, attempt: Attempt, now: datetime) -> None:
    """Somebody signed in: their address may go on trying when others may not."""
    fresh = insert(Throttle).values(
        tenant_id=attempt.tenant, source=attempt.known, failures=0, window_ends_at=now + REMEMBERED
    )
    await session.execute(
        fresh.on_conflict_do_update(
            index_elements=[Throttle.tenant_id, Throttle.source],
            set_={"window_ends_at": fresh.excluded.window_ends_at},
        )
    )


def _wait(ends: datetime, now: datetime) -> TooManyRequests:
    return TooManyRequests(max(1, int((ends - now).total_seconds())))


async def _is_known(session: AsyncSession, attempt: Attempt, now: datetime) -> bool:
    wanted = select(Throttle.source).where(
        Throttle.tenant_id == attempt.tenant,
        Throttle.source == attempt.known,
        Throttle.window_ends_at > now,
    )
    return await session.scalar(wanted) is not None


async def _take(session: AsyncSession, tenant: UUID, source: bytes) -> None:
    await session.execute(
        update(Throttle)
        .where(Throttle.tenant_id == tenant, Throttle.source == source)
        .values(failures=func.greatest(Throttle.failures - 1, 0))
    )


async def _sweep(session: AsyncSession, tenant: UUID, now: datetime) -> None:
    """Delete a few rows that count nothing any more. Waits for nobody: what is locked is in use."""
    over = (
        select(Throttle.source)
        .where(Throttle.tenant_id == tenant, Throttle.window_ends_at < now)
        .limit(SWEPT_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    sources = list(await session.scalars(over))
    if sources:
        await session.execute(
            delete(Throttle).where(Throttle.tenant_id == tenant, Throttle.source.in_(sources))
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
