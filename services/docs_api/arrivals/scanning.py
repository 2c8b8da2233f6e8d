"""Scans what has been verified, and makes it available, or puts it into quarantine.

Without a verdict there is neither: while the scanner is down, or answers what is no verdict, the version
waits, and so it does where it was to be scanned and no scanner is configured any more.

The scan is the system's own doing, so its events name no actor.
"""

from collections.abc import AsyncIterator

from sqlalchemy import update

from services.docs_api.arrivals.jobs import Job, close
from services.docs_api.arrivals.pinning import Scanned, make_available
from services.docs_api.arrivals.verifying import WRONG, reject
from services.docs_api.scanning.clamd import Finding, ScannerError
from services.docs_api.transfers.failures import reason_of
from services.docs_api.transfers.opening import SealedVersion
from services.docs_api.vault import Vault
from services.evidence.event import Draft
from services.kernel.database import driver_connection
from services.tables.content import Version

ACCEPTED = ("clean", "too-large-accepted")
SCANNED, QUARANTINED = "document.scanned", "document.quarantined"


class NoScannerError(ScannerError):
    """It was to be scanned, and there is no scanner any more."""


async def scan(vault: Vault, job: Job) -> None:
    """Scan a version, and end its upload.

    Raises:
        LeaseLostError: it is somebody else's now.
        ScannerError: there is no verdict yet.
        Exception: it cannot be read now.
    """
    content = await job.content(vault)
    try:
        finding = await _find(vault, job, content)
    except WRONG as wrong:
        await reject(vault, job, Draft(SCANNED, "failed", reason_of(wrong), job.subject), None)
        return
    scanned = judged(finding, beyond_limit=vault.settings.scan_beyond_limit)
    await (_accept if scanned.result in ACCEPTED else _quarantine)(vault, job, scanned)


def judged(finding: Finding, *, beyond_limit: str) -> Scanned:
    """What a finding means for the version. Pure."""
    if finding.result == "too-large" and beyond_limit == "accept":
        return Scanned("too-large-accepted", finding)
    return Scanned(finding.result, finding)


async def _find(vault: Vault, job: Job, content: SealedVersion) -> Finding:
    if vault.scanner is None:
        raise NoScannerError("No scanner is configured.")
    if job.row["length_bytes"] > vault.settings.scan_limit_bytes:
        return Finding("too-large")
    return await vault.scanner.scan(_pieces(content))


async def _pieces(content: SealedVersion) -> AsyncIterator[bytes]:
    for ordinal in range(len(content.segments)):
        yield await content.plaintext(ordinal)


async def _accept(vault: Vault, job: Job, scanned: Scanned) -> None:
    now = vault.recorder.clock()
    async with vault.database.transaction([job.tenant]) as session:
        await close(session, job, "complete")
        await make_available(session, job.place, now, scanned.columns(now))
        draft = Draft(SCANNED, "allowed", None, job.subject, _change(scanned), _content(job))
        await vault.recorder.append(await driver_connection(session), job.tenant, draft, None)


async def _quarantine(vault: Vault, job: Job, scanned: Scanned) -> None:
    now = vault.recorder.clock()
    async with vault.database.transaction([job.tenant]) as session:
        await close(session, job, "quarantined", reason=scanned.result)
        await session.execute(
            update(Version).where(*job.place.rows).values(state="quarantined", **scanned.columns(now))
        )
        draft = Draft(QUARANTINED, "denied", scanned.result, job.subject, _change(scanned), _content(job))
        await vault.recorder.append(await driver_connection(session), job.tenant, draft, None)


def _content(job: Job) -> dict[str, object]:
    return {"sha256": job.row["sha256"].hex(), "len": job.row["length_bytes"]}


def _change(scanned: Scanned) -> dict[str, object]:
    finding = scanned.finding
    change: dict[str, object] = {"result": scanned.result}
    if finding is not None:
        told = {"engine": finding.engine, "signature": finding.signature}
        change |= {name: text for name, text in told.items() if text is not None}
    return change
