"""A verification: every version of a selection, one after the other, each recorded as soon as it was read.

What was read is a row (`version_checks`), written with the evidence of what is damaged in one transaction; so
a run that was killed goes on with the next version, and nothing is told twice. It works as a database role of
its own that reads the vault and changes nothing in it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from services.docs_api.canary import FILE_ROOTS, check_all_here, check_canary
from services.docs_api.fixity.checking import Checker, Found
from services.docs_api.fixity.selection import Selection
from services.docs_api.fixity.statements import (
    ABANDON,
    BEGIN,
    BY_FIRM,
    CANARY,
    CHECKED,
    DAMAGED,
    END,
    KEYS,
    NEXT,
    REMAINING,
    SEGMENTS,
    UNFINISHED,
)
from services.docs_api.fixity.unnamed import count_unnamed
from services.evidence.event import Draft, Subject
from services.evidence.recorder import Recorder
from services.kernel.clock import timestamp
from services.kernel.database import TENANTS_SETTING
from services.kernel.ids import PLATFORM, new_id
from services.keys.files import KeyDirectory, NamedKey

LOCK = 0x72656477_66697869  # "redwfixi"
_NOBODY = UUID(int=0)
_SEGMENTS_NAMED = 64


class AlreadyVerifyingError(Exception):
    """Another process verifies this store now."""


@dataclass(frozen=True, slots=True)
class Run:
    """`resumed`: it had been interrupted."""

    id: UUID
    started_at: datetime
    selection: Selection
    resumed: bool


@dataclass(slots=True)
class Progress:
    """Of what remained when this process began. `damaged` counts versions."""

    versions: int
    sealed_bytes: int
    versions_done: int = 0
    sealed_bytes_done: int = 0
    damaged: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """All of a run, with what was read before an interruption. `unnamed` None: not counted."""

    run: Run
    ended_at: datetime
    versions: int
    opened: int
    sealed_bytes: int
    damaged: Sequence[asyncpg.Record] = field(repr=False)
    unnamed: int | None


@dataclass(frozen=True, slots=True)
class Verifier:
    """`connection` is of the verifier's role. `grace`: how young an object without a row may be."""

    connection: asyncpg.Connection
    checker: Checker
    recorder: Recorder
    grace: timedelta

    async def require_roots(self, keys: KeyDirectory, root: NamedKey) -> None:
        """Return if this database's root keys are here (raises WrongRootKeyError): else all looks damaged."""
        check_canary(root, await self.connection.fetchval(CANARY, PLATFORM, root.name.id))
        check_all_here(keys, root, await self.connection.fetch(FILE_ROOTS))

    async def begin(self, selection: Selection, *, restart: bool) -> Run:
        """The run of this selection that was interrupted, or a new one.

        Raises:
            AlreadyVerifyingError: there is one at it.
        """
        if not await self.connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
            raise AlreadyVerifyingError("Another verification is under way.")
        if restart:
            await self.connection.execute(ABANDON, PLATFORM)
        found = await self.connection.fetchrow(UNFINISHED, PLATFORM, selection.text)
        if found is not None:
            return Run(found["id"], found["started_at"], selection, resumed=True)
        now = self.recorder.clock()
        run = Run(new_id(now), now, selection, resumed=False)
        await self.connection.execute(BEGIN, PLATFORM, run.id, selection.text, selection.whole, now)
        return run

    async def carry_out(self, run: Run, tell: Callable[[Progress], None]) -> Outcome:
        """Read whatever the run has not read yet, and end it.

        Raises:
            StoreError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError: store or database do not
                answer; the run goes on where it is when it is begun again.
        """
        progress = Progress(**dict(await self.connection.fetchrow(REMAINING, *_selected(run))))
        after = (_NOBODY, _NOBODY)
        tell(progress)
        while (version := await self.connection.fetchrow(NEXT, *_selected(run), *after)) is not None:
            found = await self._check(run, version)
            progress.versions_done += 1
            progress.sealed_bytes_done += found.sealed_bytes
            progress.damaged += found.damage is not None
            after = (version["tenant_id"], version["id"])
            tell(progress)
        return await self._end(run)

    async def _check(self, run: Run, version: asyncpg.Record) -> Found:
        place = (version["tenant_id"], version["id"])
        keys = await self.connection.fetchrow(KEYS, version["tenant_id"], version["matter_key_id"])
        segments = await self.connection.fetch(SEGMENTS, *place)
        found = await self.checker.check({**dict(version), **dict(keys or {})}, segments)
        async with self.connection.transaction():
            values = (run.id, self.recorder.clock(), found.opened, found.sealed_bytes, _slug(found))
            here = await self.connection.fetchval(CHECKED, *place, *values)
            if here and found.damage is not None:
                await self._record(version["tenant_id"], _damage_of(run, version, found))
        return found

    async def _end(self, run: Run) -> Outcome:
        now, unnamed = self.recorder.clock(), None
        if run.selection.every_object:
            unnamed = await count_unnamed(self.connection, self.checker.stores, now - self.grace)
        now = self.recorder.clock()
        async with self.connection.transaction():
            firms = await self.connection.fetch(BY_FIRM, run.id)
            damaged = await self.connection.fetch(DAMAGED, run.id)
            versions, opened, sealed_bytes = (
                sum(firm[name] for firm in firms) for name in ("versions", "opened", "sealed_bytes")
            )
            for firm in firms:
                await self._record(firm["tenant_id"], _end_for(run, firm, now))
            counts = (versions, len(damaged), sealed_bytes, unnamed)
            await self._record(PLATFORM, _end_of(run, now, counts))
            await self.connection.execute(END, PLATFORM, run.id, now, *counts)
        return Outcome(run, now, versions, opened, sealed_bytes, damaged, unnamed)

    async def _record(self, tenant: UUID, draft: Draft) -> None:
        """In the transaction that is open."""
        await self.connection.execute("SELECT set_config($1, $2, true)", TENANTS_SETTING, str(tenant))
        await self.recorder.append(self.connection, tenant, draft, None)


def _slug(found: Found) -> str | None:
    """As plain text: asyncpg takes no subclass of str."""
    return None if found.damage is None else found.damage.value


def _selected(run: Run) -> tuple[object, ...]:
    chosen = run.selection
    well_since = chosen.found_well_before(run.started_at)
    return (run.id, chosen.firm, chosen.matter, chosen.version, well_since, chosen.opened)


def _damage_of(run: Run, version: asyncpg.Record, found: Found) -> Draft:
    document = version["document_id"]
    subject = Subject("document", document, version["matter_id"], document, version["id"])
    change = {
        "run": str(run.id),
        "segments": list(found.segments[:_SEGMENTS_NAMED]),
        "segments_damaged": len(found.segments),
    }
    return Draft("document.integrity", "failed", _slug(found), subject, change)


def _end_for(run: Run, firm: asyncpg.Record, now: datetime) -> Draft:
    change = {**_told(run, now), **{name: firm[name] for name in ("versions", "opened", "damaged")}}
    change["bytes"] = firm["sealed_bytes"]
    subject = Subject("organization", firm["tenant_id"])
    return Draft("vault.verified", "failed" if firm["damaged"] else "info", subject=subject, change=change)


def _end_of(run: Run, now: datetime, counts: tuple[int, int, int, int | None]) -> Draft:
    change = {**_told(run, now), **dict(zip(("versions", "damaged", "bytes"), counts, strict=False))}
    if counts[-1] is not None:
        change["unnamed_objects"] = counts[-1]
    subject = Subject("organization", PLATFORM)
    return Draft("vault.verified", "failed" if counts[1] else "info", subject=subject, change=change)


def _told(run: Run, now: datetime) -> dict[str, object]:
    return {
        "run": str(run.id),
        "whole": run.selection.whole,
        "started": timestamp(run.started_at),
        "ended": timestamp(now),
    }
