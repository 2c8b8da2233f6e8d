"""A fetch: access and evidence are committed before anything is opened or sent."""

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from fastapi import Request, Response

from services.docs_api.access import parameters
from services.docs_api.conditions import is_known, quoted
from services.docs_api.documents.queries import (
    STILL_READABLE,
    opened_by,
    readable_document,
)
from services.docs_api.documents.service import document_view, subject_of
from services.docs_api.keys import firm_key_of, matter_key_of, matter_names
from services.docs_api.sealing.context import SegmentContext
from services.docs_api.transfers.admissions import Admitted, Asked, Outcome, Wanted
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
from services.kernel.http.admission import admission_of, principal_of, set_event_header
from services.kernel.principal import Principal
from services.kernel.problems import NotFound, RedwellError


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
    vault = vault_of(request)
    admitted = await _admit(vault, request, wanted)
    if admitted.known:
        set_event_header(request.scope, admitted.event_header)
        return not_modified(admitted.row["sha256"].hex())
    handover = _handover(vault, request, admitted)
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


async def _admit(vault: Vault, request: Request, wanted: Wanted) -> Admitted:
    """Access and evidence, committed together with those of whoever asks at the same time.

    Raises: see `_answer`.
    """
    admission, principal = admission_of(request), principal_of(request)
    asked = Asked(admission, principal, wanted, request.headers)
    # A key that is not at hand would be fetched while the transaction of all who ask is open.
    await vault.recorder.make_ready(principal.firm, admission)
    deciding = asyncio.ensure_future(vault.admissions.ask(asked))
    try:
        outcome = await asyncio.shield(deciding)
    except asyncio.CancelledError as gone:
        await whatever_happens(_leave(vault, request, deciding, gone))
        raise
    if isinstance(outcome, RedwellError):
        raise outcome
    if outcome is None:
        await _tell_why(vault, principal, wanted)
        raise NotFound
    return outcome


async def _leave(
    vault: Vault, request: Request, deciding: asyncio.Future[Outcome], gone: asyncio.CancelledError
) -> None:
    """If it was admitted nevertheless, that is on record, so its end must be too."""
    await asyncio.wait([deciding])
    if deciding.cancelled() or deciding.exception() is not None:
        return
    admitted = deciding.result()
    if isinstance(admitted, Admitted):
        await _record_failure(_handover(vault, request, admitted), gone)


async def _tell_why(vault: Vault, principal: Principal, wanted: Wanted) -> None:
    now = vault.recorder.clock()
    async with vault.database.transaction([principal.firm]) as session:
        await check_session(session, principal, now)
        await tell_holder_of_document(session, principal, now, wanted.document)


def _handover(vault: Vault, request: Request, admitted: Admitted) -> Handover:
    return Handover(
        vault.recorder,
        admission_of(request),
        principal_of(request),
        subject_of(admitted.row),
        admitted.length_bytes,
    )


async def _open(vault: Vault, handover: Handover, admitted: Admitted) -> Delivery:
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
        SealedVersion(vault.stores, data_key, place, admitted.segments, vault.opening), admitted.part
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


async def _check(vault: Vault, principal: Principal, row: Mapping[str, Any]) -> None:
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
