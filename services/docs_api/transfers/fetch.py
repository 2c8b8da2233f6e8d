"""A fetch: access and evidence in one transaction, committed before anything is opened or sent."""

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import asyncpg
from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import Headers

from services.docs_api.access import parameters
from services.docs_api.conditions import ByteRange, asked_range, is_known, quoted, require_match
from services.docs_api.documents.queries import (
    FETCHABLE,
    SEGMENTS,
    STILL_READABLE,
    TOUCHED_SEGMENTS,
    opened_by,
    readable_document,
)
from services.docs_api.documents.service import document_view, subject_of
from services.docs_api.keys import firm_key_of, matter_key_of, matter_names
from services.docs_api.sealing.context import SegmentContext
from services.docs_api.sealing.segments import SEGMENT_BYTES
from services.docs_api.transfers.deliver import Delivery, Handover
from services.docs_api.transfers.errors import AccessEnded, IntegrityFailure
from services.docs_api.transfers.failures import problem_of
from services.docs_api.transfers.headers import content_headers, not_modified, partial
from services.docs_api.transfers.opening import Pieces, SealedVersion, require_cover, require_whole
from services.docs_api.transfers.pace import Pace
from services.docs_api.transfers.watch import Watch, whatever_happens
from services.docs_api.unmet import tell_holder_of_document
from services.docs_api.vault import Vault, vault_of
from services.evidence.act import Act, check_session
from services.evidence.event import Draft
from services.kernel.database import driver_connection
from services.kernel.http.admission import admission_of, principal_of, set_event_header
from services.kernel.principal import Principal
from services.kernel.problems import NotFound, RedwellError


@dataclass(frozen=True, slots=True)
class Wanted:
    """A document's content: of its newest version, or of the one of this number."""

    document: UUID
    number: int | None = None


@dataclass(frozen=True, slots=True)
class _Admitted:
    """`known`: the asker has it already. `part`: what is handed over; None for all."""

    row: dict[str, Any]
    segments: list[asyncpg.Record]
    event_header: str
    known: bool
    part: ByteRange | None

    @property
    def length_bytes(self) -> int:
        whole: int = self.row["length_bytes"]
        return whole if self.part is None else self.part.length_bytes


async def fetch_content(request: Request, wanted: Wanted) -> Response:
    """The answer that hands over what is wanted; its place among the transfers is its own until it ends.

    Raises:
        TooManyRequests, Unavailable: there is no place for it.
        RedwellError: see `_answer`.
    """
    with ExitStack() as stack:
        stack.enter_context(vault_of(request).slots.take(principal_of(request).session))
        answer = await _answer(request, wanted)
        if isinstance(answer, Delivery):
            answer.ends_with(stack.pop_all())
    return answer


async def _answer(request: Request, wanted: Wanted) -> Response:
    """The answer that hands over a document or a range of it, its first segment open already; or 304.

    Raises:
        UnmetCondition: they hold a grant of it that is not live.
        NotFound: no such document for the principal.
        PreconditionFailed: it is not what `If-Match` names.
        RangeNotSatisfiable: it is shorter than where the range begins.
        IntegrityFailure: what is stored is not what was; its evidence is written.
        Unavailable: the store does not answer.
    """
    vault, principal = vault_of(request), principal_of(request)
    admitted = await _admit(vault, request, wanted)
    if admitted.known:
        set_event_header(request.scope, admitted.event_header)
        return not_modified(admitted.row["sha256"].hex())
    handover = Handover(
        vault.recorder, admission_of(request), principal, subject_of(admitted.row), admitted.length_bytes
    )
    try:
        delivery = await _open(vault, handover, admitted)
    except (Exception, asyncio.CancelledError) as error:
        # The fetch is on record as admitted, so its end must be too.
        header = await whatever_happens(_record_failure(handover, error))
        if not isinstance(error, Exception):
            raise
        problem = problem_of(error)
        if header is not None:
            set_event_header(request.scope, header)
            problem.recorded = True
        raise problem from error
    set_event_header(request.scope, admitted.event_header)
    return delivery


async def head_of_content(act: Act, wanted: Wanted) -> Response:
    """The header of the answer that a fetch of all would get (raises NotFound)."""
    row = await readable_document(act, wanted.document, number=wanted.number)
    await act.record(Draft("document.described", subject=subject_of(row), change=opened_by(row)))
    digest = row["sha256"].hex()
    if is_known(act.request.headers.get("if-none-match"), quoted(digest)):
        return not_modified(digest)
    document = document_view(row, matter_names(act, row))
    assert document.version is not None
    return Response(headers=content_headers(document, document.version))


async def _admit(vault: Vault, request: Request, wanted: Wanted) -> _Admitted:
    admission, principal, now = admission_of(request), principal_of(request), vault.recorder.clock()
    values = parameters(principal, now)
    async with vault.database.transaction([principal.firm]) as session:
        query = FETCHABLE[principal.acts_for_another, wanted.number is not None]
        row = await query.first(session, values | {"document": wanted.document, "number": wanted.number})
        if row is None:
            await check_session(session, principal, now)
            await tell_holder_of_document(session, principal, now, wanted.document)
            raise NotFound
        vault.keychain.require(firm_key_of(row))
        known, part = _selected(request.headers, quoted(row["sha256"].hex()), row["length_bytes"])
        segments = [] if known else await _segments(session, values | {"version": row["version_id"]}, part)
        connection = await driver_connection(session)
        draft = _admission_draft(dict(row), known=known, part=part)
        event = await vault.recorder.append(connection, principal.firm, draft, admission)
    return _Admitted(dict(row), segments, event.header, known, part)


async def _segments(
    session: AsyncSession, values: dict[str, object], part: ByteRange | None
) -> list[asyncpg.Record]:
    """All segments, or those that the part touches: of a long document there are thousands."""
    if part is None:
        return await SEGMENTS.all(session, values)
    touched = {"least_ordinal": part.start // SEGMENT_BYTES, "start": part.start, "stop": part.stop}
    return await TOUCHED_SEGMENTS.all(session, values | touched)


def _selected(headers: Headers, etag: str, length_bytes: int) -> tuple[bool, ByteRange | None]:
    """Whether the asker has it already, and which part they want (RFC 9110, section 13.2.2)."""
    if_match = headers.get("if-match")
    if if_match is not None:
        require_match(if_match, etag)
    if is_known(headers.get("if-none-match"), etag):
        return True, None
    return False, asked_range(headers.get("range"), headers.get("if-range"), etag, length_bytes)


def _admission_draft(row: dict[str, Any], *, known: bool, part: ByteRange | None) -> Draft:
    content = {"sha256": row["sha256"].hex(), "len": row["length_bytes"]}
    change = opened_by(row)
    if known:
        return Draft("document.fetched", "info", "not-modified", subject_of(row), change, content)
    if part is not None:
        content["range"] = str(part)
    return Draft("document.fetched", subject=subject_of(row), change=change, content=content)


async def _open(vault: Vault, handover: Handover, admitted: _Admitted) -> Delivery:
    row, keys = admitted.row, matter_key_of(admitted.row)
    if admitted.part is None:
        require_whole(admitted.segments, row["segment_count"], row["length_bytes"])
    else:
        require_cover(admitted.segments, admitted.part)
    document = document_view(row, vault.keychain.matter_names(keys))
    assert document.version is not None
    place = SegmentContext(handover.principal.firm, row["matter_id"], row["id"], row["version_id"], 0, 0)
    data_key = vault.keychain.data_key(keys, row["version_id"], row["wrapped_data_key"])
    pieces = Pieces(
        SealedVersion(vault.store, data_key, place, admitted.segments, vault.opening), admitted.part
    )
    headers = content_headers(document, document.version)
    return Delivery(
        handover,
        pieces,
        await pieces.plaintext(pieces.ordinals.start),
        status=200 if admitted.part is None else 206,
        headers=headers if admitted.part is None else partial(headers, admitted.part),
        watch=Watch(
            lambda: _check(vault, handover.principal, row),
            Pace(vault.settings.upload_minimum_rate_bytes, asyncio.get_running_loop().time),
            vault.alarm,
            (handover.principal.firm, handover.principal.organization),
        ),
    )


async def _check(vault: Vault, principal: Principal, row: dict[str, Any]) -> None:
    now = vault.recorder.clock()
    values = parameters(principal, now) | {"document": row["id"], "version": row["version_id"]}
    async with vault.database.transaction([principal.firm]) as session:
        found = await STILL_READABLE[principal.acts_for_another].first(session, values)
        if found is None:
            await check_session(session, principal, now)
            raise AccessEnded
    vault.keychain.require(replace(firm_key_of(row), revoked=found["firm_revoked"]))


async def _record_failure(handover: Handover, error: BaseException) -> str | None:
    """Evidence of a fetch that ended before it began; the header of the integrity event, if there is one."""
    problem: RedwellError | None = problem_of(error) if isinstance(error, Exception) else None
    event = await handover.record_integrity() if isinstance(problem, IntegrityFailure) else None
    await handover.record_end(0, error)
    return None if event is None else event.header
