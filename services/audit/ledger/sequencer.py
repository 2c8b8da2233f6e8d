"""The sequencer: a background task that keeps every tree up with its organization's events.

It polls, on one connection of its own, as a role of its own. Several may run at once, one in each worker
process; `steps.py` says why that is safe. What fails for one tree is logged and tried again, and does not
hold up the others; a round in which nothing failed is what `Progress` reports, and readiness looks at.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import asyncpg

from services.audit.ledger import queries, steps
from services.audit.ledger.queries import LedgerDamagedError
from services.audit.ledger.steps import BATCH_EVENTS, Ledger
from services.audit.offline.errors import OfflineError
from services.evidence.recorder import Recorder
from services.kernel.database import UNREACHABLE, password_of
from services.kernel.logs import logger
from services.kernel.problems import Unavailable
from services.kernel.settings import Settings
from services.tables.roles import Role

POLL_SECONDS = 0.2
RETRY_SECONDS = 1.0
STOP_SECONDS = 3.0
LONGEST_DELAY = timedelta(seconds=10)
"""How long an event may wait for its leaf, and the sequencer be silent, before the service is not ready."""

_OUTAGES = (asyncpg.PostgresError, *UNREACHABLE, Unavailable)
_log = logger("audit")


@dataclass(frozen=True, slots=True)
class Progress:
    """The last round in which nothing failed: when it ended, and how long the oldest event had waited then.

    `ended_at_seconds` is of a clock that is never set, `time.monotonic`.
    """

    ended_at_seconds: float
    oldest_wait: timedelta = timedelta(0)

    def complaint(self, now_seconds: float) -> str | None:
        """A sentence on what is late, or None."""
        silence = timedelta(seconds=now_seconds - self.ended_at_seconds)
        if silence > LONGEST_DELAY:
            return f"the access log has not been sequenced for {silence.seconds} seconds"
        if self.oldest_wait > LONGEST_DELAY:
            return f"the access log is {self.oldest_wait // timedelta(seconds=1)} seconds behind"
        return None


class Sequencer:
    """Runs from `start` to `stop`."""

    def __init__(self, settings: Settings, ledger: Ledger, recorder: Recorder) -> None:
        self.progress = Progress(time.monotonic())
        self._settings = settings
        self._ledger = ledger
        self._recorder = recorder
        self._clock = recorder.clock
        self._stopping = asyncio.Event()
        self._next_slow_round = 0.0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="sequencer")

    async def stop(self) -> None:
        """End after the step that is being taken; a step that hangs is rolled back."""
        if self._task is None:
            return
        self._stopping.set()
        done, _ = await asyncio.wait([self._task], timeout=STOP_SECONDS)
        if not done:
            self._task.cancel()
            await asyncio.wait([self._task])

    def complaint(self) -> str | None:
        """A sentence on why the log falls behind, or None."""
        if self._task is None or self._task.done():
            return "the sequencer of the access log does not run"
        return self.progress.complaint(time.monotonic())

    async def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._work()
            except _OUTAGES as error:
                _log.error("sequencer interrupted", error=type(error).__name__)
                await self._pause(RETRY_SECONDS)
            except Exception as error:  # noqa: BLE001 -- whatever it was, the log must go on; readiness tells
                _log.error("sequencer interrupted", exc_info=error)
                await self._pause(RETRY_SECONDS)

    async def _work(self) -> None:
        connection = await _connect(self._settings)
        try:
            while not self._stopping.is_set():
                if not await self.round(connection):
                    await self._pause(POLL_SECONDS)
        finally:
            connection.terminate()  # what was not committed must not be; there is nothing to say goodbye to

    async def round(self, connection: asyncpg.Connection) -> bool:
        """One look at everything; returns whether events certainly still wait."""
        full: list[UUID] = []

        async def sequence(tenant: UUID) -> None:
            if await steps.sequence(connection, self._ledger, tenant, self._clock()) == BATCH_EVENTS:
                full.append(tenant)

        well = await _each(connection, await queries.queued_tenants(connection), sequence)
        moment = time.monotonic()
        if moment >= self._next_slow_round:
            self._next_slow_round = moment + min(0.5, self._ledger.interval.total_seconds() / 4)
            well &= await self._slow_round(connection)
            if well:
                oldest = await queries.oldest_queued_at(connection) or self._clock()
                self.progress = Progress(time.monotonic(), self._clock() - oldest)
        return bool(full)

    async def _slow_round(self, connection: asyncpg.Connection) -> bool:
        """What need not be looked at five times a second; returns whether all went well."""
        now = self._clock()

        async def sign(tenant: UUID) -> None:
            await steps.sign(connection, self._ledger, tenant, now)

        async with connection.transaction():
            await self._recorder.fold_refusals(connection)
        grown = await queries.grown_trees(connection, now - self._ledger.interval, now)
        return await _each(connection, grown, sign)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return


async def _each(
    connection: asyncpg.Connection, tenants: Iterable[UUID], step: Callable[[UUID], Awaitable[None]]
) -> bool:
    """Take `step` for each tenant; returns whether none failed."""
    well = True
    for tenant in tenants:
        try:
            await step(tenant)
        except (asyncpg.PostgresError, OfflineError, LedgerDamagedError) as error:
            if connection.is_closed():
                raise
            _log.error("a tree cannot be extended", tenant=str(tenant), exc_info=error)
            well = False
    return well


async def _connect(settings: Settings) -> asyncpg.Connection:
    role = str(Role.SEQUENCER)  # asyncpg takes no subclass of str
    return await asyncpg.connect(
        host=settings.database_host,
        port=settings.database_port,
        database=settings.database_name,
        user=role,
        password=password_of(settings, role),
        timeout=5,
        command_timeout=20,
        server_settings={"application_name": role, "statement_timeout": "15000"},
    )
