"""Uploads that wait to be verified or scanned, and the scanner that some wait for."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
from pydantic import ValidationError

from services.cli.doctor.finding import Finding, age_text, fine, mend, note
from services.docs_api.scanning.clamd import ScannerError, scanner_of
from services.kernel.scanner_settings import ScannerSettings

AREA = "arrivals"
_WAITING = """
SELECT count(*) AS waiting, min(coalesce(waiting_since, created_at)) AS since, max(reason) AS reason
FROM uploads WHERE state IN ('verifying', 'scanning')
"""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """How many uploads wait, since when the oldest does, and one of the reasons why."""

    waiting: int
    since: datetime | None
    reason: str | None


async def ask(connection: asyncpg.Connection) -> Arrivals | None:
    """Ask as the sweeper, who alone sees all firms' uploads; None of a schema older than this."""
    try:
        row = await connection.fetchrow(_WAITING)
    except asyncpg.UndefinedColumnError:
        return None
    return Arrivals(row["waiting"], row["since"], row["reason"])


def scanner(told: Mapping[str, str]) -> Iterator[Finding]:
    """Whether the scanner that is configured answers."""
    try:
        settings = _settings(told)
    except ValidationError as error:
        wrong = "; ".join(found["msg"] for found in error.errors())
        yield mend(AREA, f"The scanner's settings are wrong: {wrong}.", "See docs/operations.md.")
        return
    configured = scanner_of(settings)
    if configured is None:
        yield note(AREA, "No scanner is configured; content is told as not scanned.")
        return
    try:
        version = asyncio.run(configured.version())
    except ScannerError as error:
        yield mend(AREA, f"{error} What is to be scanned waits.", "Start clamd, and see its own log.")
        return
    yield fine(AREA, f"The {configured.place} answers: {version}.")


def waiting(facts: Arrivals, told: Mapping[str, str], now: datetime) -> Finding:
    """`told`: as for `scanner`."""
    if not facts.waiting or facts.since is None:
        return fine(AREA, "No upload waits to be verified or scanned.")
    text = (
        f"{facts.waiting} uploads wait to be verified or scanned, the oldest for {age_text(facts.since, now)}"
    )
    try:
        most = timedelta(seconds=_settings(told).stalled_seconds)
    except ValidationError:
        most = timedelta(0)
    if now - facts.since <= most:
        return note(AREA, f"{text}.")
    return mend(
        AREA,
        f"{text} ({facts.reason or 'no reason is known'}).",
        "Mend what the reason names; the operator can retry or reject them (docs/operations.md).",
    )


def _settings(told: Mapping[str, str]) -> ScannerSettings:
    named = {name.removeprefix("REDWELL_").lower(): value for name, value in told.items()}
    return ScannerSettings.model_validate(named)
