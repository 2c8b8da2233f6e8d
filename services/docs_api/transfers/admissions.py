"""Who may fetch: access asked and evidence written in one transaction, for all who ask at the same time.

Each gets what they would get alone: the query is the same, and an event is in the log before anybody is
answered. Only the round trips and the commit are shared.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import Headers

from services.docs_api.access import parameters
from services.docs_api.conditions import ByteRange, asked_range, is_known, quoted, require_match
from services.docs_api.documents.queries import (
    FETCHABLE_BY_MANY,
    SEGMENTS_OF_MANY,
    TOUCHED_SEGMENTS_OF_MANY,
    opened_by,
)
from services.docs_api.documents.service import subject_of
from services.docs_api.keychain import Keychain
from services.docs_api.keys import firm_key_of
from services.docs_api.sealing.segments import SEGMENT_BYTES
from services.evidence.event import Draft
from services.evidence.recorder import Recorder
from services.kernel.batches import Batches
from services.kernel.database import Database, driver_connection
from services.kernel.principal import Admission, Principal
from services.kernel.problems import RedwellError

ADMITTED_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Wanted:
    """A document's content: of its newest version, or of the one of this number."""

    document: UUID
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """One fetch that wants to be admitted."""

    admission: Admission
    principal: Principal
    wanted: Wanted
    headers: Headers

    @property
    def kind(self) -> tuple[bool, bool]:
        """Which of the queries it is asked with."""
        return self.principal.acts_for_another, self.wanted.number is not None


@dataclass(slots=True)
class Admitted:
    """`known`: the asker has it already. `part`: what is handed over; None for all."""

    row: Mapping[str, Any]
    known: bool
    part: ByteRange | None
    segments: Sequence[asyncpg.Record] = ()
    event_header: str = ""

    @property
    def length_bytes(self) -> int:
        whole: int = self.row["length_bytes"]
        return whole if self.part is None else self.part.length_bytes


Outcome = Admitted | RedwellError | None
"""None: there is no such document for who asks. A problem: of this request alone."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What admissions are made with."""

    database: Database
    recorder: Recorder
    keychain: Keychain


def admissions(ground: Ground) -> Batches[Asked, Outcome]:
    """Where fetches are admitted; each is told once its evidence is committed."""

    async def together(asked: Sequence[Asked]) -> Sequence[Outcome]:
        async with ground.database.transaction({one.principal.firm for one in asked}) as session:
            outcomes = await _judge(ground, session, asked)
            admitted = [
                (one, outcome)
                for one, outcome in zip(asked, outcomes, strict=True)
                if isinstance(outcome, Admitted)
            ]
            await _find_segments(session, admitted)
            await _record(ground, session, admitted)
        return outcomes

    return Batches(together, ADMITTED_AT_ONCE)


async def _judge(ground: Ground, session: AsyncSession, asked: Sequence[Asked]) -> list[Outcome]:
    outcomes: list[Outcome] = [None] * len(asked)
    now = ground.recorder.clock()
    for kind, query in FETCHABLE_BY_MANY.items():
        places = [place for place, one in enumerate(asked) if one.kind == kind]
        values = [
            parameters(asked[place].principal, now)
            | {"document": asked[place].wanted.document, "number": asked[place].wanted.number}
            for place in places
        ]
        for place, rows in zip(places, await query.each(session, values), strict=True):
            if rows:
                outcomes[place] = _considered(ground.keychain, asked[place].headers, dict(rows[0]))
    return outcomes


def _considered(keychain: Keychain, headers: Headers, row: dict[str, Any]) -> Admitted | RedwellError:
    """What is handed over of a document that may be had (RFC 9110, section 13.2.2)."""
    etag = quoted(row["sha256"].hex())
    try:
        keychain.require(firm_key_of(row))
        if_match = headers.get("if-match")
        if if_match is not None:
            require_match(if_match, etag)
        if is_known(headers.get("if-none-match"), etag):
            return Admitted(row, known=True, part=None)
        part = asked_range(headers.get("range"), headers.get("if-range"), etag, row["length_bytes"])
    except RedwellError as problem:
        return problem
    return Admitted(row, known=False, part=part)


async def _find_segments(session: AsyncSession, admitted: Sequence[tuple[Asked, Admitted]]) -> None:
    """All segments, or those that the part touches: of a long document there are thousands."""
    places = [(outcome, _version(one, outcome)) for one, outcome in admitted if not outcome.known]
    wholes = [(outcome, place) for outcome, place in places if outcome.part is None]
    parts = [
        (outcome, place | _touched(outcome.part)) for outcome, place in places if outcome.part is not None
    ]
    for query, wanted in ((SEGMENTS_OF_MANY, wholes), (TOUCHED_SEGMENTS_OF_MANY, parts)):
        found = await query.each(session, [values for _, values in wanted])
        for (outcome, _), segments in zip(wanted, found, strict=True):
            outcome.segments = sorted(segments, key=_ordinal)


def _version(one: Asked, outcome: Admitted) -> dict[str, object]:
    return {"tenant": one.principal.firm, "version": outcome.row["version_id"]}


def _touched(part: ByteRange) -> dict[str, object]:
    return {"least_ordinal": part.start // SEGMENT_BYTES, "start": part.start, "stop": part.stop}


def _ordinal(segment: asyncpg.Record) -> int:
    ordinal: int = segment["ordinal"]
    return ordinal


async def _record(ground: Ground, session: AsyncSession, admitted: Sequence[tuple[Asked, Admitted]]) -> None:
    if not admitted:
        return
    entries = [(one.principal.firm, _draft(outcome), one.admission) for one, outcome in admitted]
    events = await ground.recorder.append_each(await driver_connection(session), entries)
    for (_, outcome), event in zip(admitted, events, strict=True):
        outcome.event_header = event.header


def _draft(outcome: Admitted) -> Draft:
    row = outcome.row
    content = {"sha256": row["sha256"].hex(), "len": row["length_bytes"]}
    change = opened_by(row)
    if outcome.known:
        return Draft("document.fetched", "info", "not-modified", subject_of(row), change, content)
    if outcome.part is not None:
        content["range"] = str(outcome.part)
    return Draft("document.fetched", subject=subject_of(row), change=change, content=content)
