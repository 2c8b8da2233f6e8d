"""Public keys out of the database: whose access tokens the gateway believes, whose assertions a service does.

Keys are read at the start, every minute, and when a token names one that is not known; for that, at most once
a minute. A set that cannot be read whole replaces no good one.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Select, or_, select
from sqlalchemy.dialects.postgresql import insert

from services.kernel.clock import Clock
from services.kernel.database import Database
from services.kernel.ids import PLATFORM
from services.kernel.logs import logger
from services.kernel.problems import Unavailable
from services.keys.keyring import MAX_KEYS, KeyringError, keyring_from_jwks
from services.keys.signing import SigningKey
from services.keys.verification import TokenVerifier
from services.tables.gateway import AssertionKey
from services.tables.sessions import SigningKey as TokenKey

RELOAD_INTERVAL: Final = timedelta(seconds=60)
RETRY_INTERVAL: Final = timedelta(seconds=1)

JWKs = Sequence[dict[str, str]]
Load = Callable[[datetime], Awaitable[JWKs]]
_log = logger("gateway")


class PublicKeys:
    """Keeps the keyring of `verifier` what the database says it is."""

    def __init__(self, load: Load, verifier: TokenVerifier, clock: Clock) -> None:
        self._load = load
        self._verifier = verifier
        self._clock = clock
        self._lock = asyncio.Lock()
        self._kids: frozenset[str] = frozenset()
        self._not_before = datetime.min.replace(tzinfo=UTC)

    async def refresh(self) -> bool:
        """Look for a key that is not known, unless somebody did so just now.

        Returns:
            Whether others are believed than before.

        Raises:
            Unavailable: no key was ever read, and none can be; whoever signs may be starting just now.
        """
        before = self._kids
        async with self._lock:
            now = self._clock()
            if now >= self._not_before:
                self._not_before = now + RETRY_INTERVAL
                if await self._reload(now):
                    self._not_before = now + RELOAD_INTERVAL
            elif not self._kids:
                raise Unavailable
        return self._kids != before

    async def _reload(self, now: datetime) -> bool:
        """Read the keys; whether the database answered.

        What cannot be read changes nothing; it is `Unavailable` while nothing is known.
        """
        published: JWKs | None = None
        try:
            published = list(await self._load(now))
            keyring = keyring_from_jwks({"keys": published})
        except (Unavailable, KeyringError) as error:
            if published == [] and not self._kids:
                _log.info("no keys are published yet")  # whoever signs may be starting just now
            else:
                _log.error("the published keys are not taken", reason=str(error))
            if not self._kids:
                raise Unavailable from error
        else:
            if self._kids != keyring.keys():
                self._verifier.replace_keyring(keyring)
                self._kids = frozenset(keyring)
        return published is not None

    @asynccontextmanager
    async def followed(self) -> AsyncIterator[None]:
        """Read the keys now and every minute from here on. A database that is not there yet is waited for."""
        with suppress(Unavailable):
            await self._reload(self._clock())
        following = asyncio.create_task(self._follow())
        try:
            yield
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(RELOAD_INTERVAL.total_seconds())
            with suppress(Unavailable):
                await self._reload(self._clock())


def access_token_keys(database: Database) -> Load:
    """The keys that sign access tokens: those that are not retired."""

    async def load(now: datetime) -> JWKs:
        live = or_(TokenKey.retired_at.is_(None), TokenKey.retired_at > now)
        query = select(TokenKey.jwk).where(TokenKey.tenant_id == PLATFORM, live)
        return await _read(database, query.order_by(TokenKey.created_at.desc()))

    return load


def assertion_keys(database: Database) -> Load:
    """The keys with which gateways sign what they tell services in other processes."""

    async def load(_: datetime) -> JWKs:
        query = select(AssertionKey.jwk).where(AssertionKey.tenant_id == PLATFORM)
        return await _read(database, query.order_by(AssertionKey.created_at.desc()))

    return load


async def publish_assertion_key(database: Database, key: SigningKey, now: datetime) -> None:
    """Let the services know the public half of this gateway's key; done as often as one likes."""
    row = {"tenant_id": PLATFORM, "kid": key.kid, "jwk": key.public_jwk(), "created_at": now}
    async with database.transaction([PLATFORM]) as session:
        await session.execute(insert(AssertionKey).values(row).on_conflict_do_nothing())


async def _read(database: Database, query: Select[dict[str, str]]) -> JWKs:
    async with database.transaction([PLATFORM]) as session:
        return (await session.scalars(query.limit(MAX_KEYS))).all()
