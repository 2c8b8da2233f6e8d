"""Works on whatever has arrived, a few at once, so that a large version does not hold up the small ones."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from uuid import UUID

from services.docs_api.arrivals.jobs import Job, LeaseLostError, keep, put_off, take
from services.docs_api.arrivals.queries import STATES, WAITING
from services.docs_api.arrivals.scanning import NoScannerError, scan
from services.docs_api.arrivals.verifying import verify
from services.docs_api.scanning.clamd import ScannerError
from services.docs_api.sweep.sweeper import sweeper_connection
from services.docs_api.transfers.failures import reason_of
from services.docs_api.transfers.watch import end_all, under_watch
from services.docs_api.vault import Vault
from services.kernel.logs import logger

AT_ONCE = 2
"""How many a process verifies at once, and how many it scans."""

LOOK_SECONDS = 10.0
_SOON_SECONDS = 0.5
_STEPS: Mapping[str, Callable[[Vault, Job], Awaitable[None]]] = MappingProxyType(
    {"verifying": verify, "scanning": scan}
)
_log = logger("docs")


async def work_until(stop: asyncio.Event, vault: Vault) -> None:
    """Verify and scan whatever waits for it, until told to stop."""
    arrivals = _Arrivals(vault)
    try:
        while not stop.is_set():
            vault.received.clear()
            try:
                await arrivals.look()
            except Exception as failure:  # noqa: BLE001 -- if this ended, no upload would ever become a document
                _log.error("what has arrived cannot be looked for, and is again", exc_info=failure)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(vault.received.wait(), LOOK_SECONDS)
    finally:
        await arrivals.end()


class _Arrivals:
    """What this process is at, by the state that it is in."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._at_work: dict[str, dict[UUID, asyncio.Task[None]]] = {state: {} for state in STATES}

    async def look(self) -> None:
        """Begin with what waits, as far as there is room for it."""
        async with sweeper_connection(self._vault) as connection:
            waiting = await connection.fetch(WAITING, self._vault.recorder.clock())
        for row in waiting:
            at_work, upload = self._at_work[row["state"]], row["id"]
            if len(at_work) < AT_ONCE and upload not in at_work:
                working = self._one(row["tenant_id"], upload, row["state"])
                at_work[upload] = asyncio.create_task(working)

    async def end(self) -> None:
        await end_all([task for at_work in self._at_work.values() for task in at_work.values()])

    async def _one(self, tenant: UUID, upload: UUID, state: str) -> None:
        """Work on one. Whatever becomes of it, it holds up no other."""
        again_seconds = LOOK_SECONDS
        try:
            job = await take(self._vault, tenant, upload, state)
            again_seconds = _SOON_SECONDS if job is None else await self._work(job)
        except LeaseLostError:
            _log.warning("an upload is worked on by another process", upload=str(upload))
        except Exception as failure:  # noqa: BLE001 -- whatever it was, it is this upload's alone
            _log.error("an upload cannot be worked on", upload=str(upload), exc_info=failure)
        finally:
            del self._at_work[state][upload]
        self._look_in(again_seconds)

    async def _work(self, job: Job) -> float:
        """Do what its state asks for; after how many seconds there may be more to do."""
        vault, state = self._vault, job.row["state"]
        try:
            await under_watch(_do(vault, job), keep(vault, job))
        except LeaseLostError:
            raise
        except Exception as failure:  # noqa: BLE001 -- it is told, and tried again
            wait_seconds = await put_off(vault, job, _reason_of(failure))
            known = isinstance(failure, ScannerError)
            _log.warning(
                "an upload waits",
                upload=str(job.row["id"]),
                state=state,
                why=str(failure) if known else type(failure).__name__,
                exc_info=None if known else failure,
            )
            return wait_seconds
        return 0.0

    def _look_in(self, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds, self._vault.received.set)


async def _do(vault: Vault, job: Job) -> None:
    await _STEPS[job.row["state"]](vault, job)


def _reason_of(failure: Exception) -> str:
    if isinstance(failure, NoScannerError):
        return "scanner-not-configured"
    return "scanner-unavailable" if isinstance(failure, ScannerError) else reason_of(failure)
