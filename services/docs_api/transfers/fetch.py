"""A fetch: access and evidence in one transaction, committed before anything is opened or sent."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
from fastapi import Request

from services.docs_api.access import parameters
from services.docs_api.documents.queries import FETCHABLE, SEGMENTS, STILL_READABLE
from services.docs_api.documents.service import document_view, subject_of
from services.docs_api.keys import matter_key_of
from services.docs_api.sealing.context import SegmentContext
from services.docs_api.transfers.deliver import Delivery, Handover
from services.docs_api.transfers.errors import AccessEnded, IntegrityFailure
from services.docs_api.transfers.failures import problem_of
from services.docs_api.transfers.headers import content_headers
from services.docs_api.transfers.opening import SealedVersion, require_whole
from services.docs_api.transfers.pace import Pace
from services.docs_api.transfers.watch import whatever_happens
from services.docs_api.unmet import tell_holder_of_document
from services.docs_api.vault import Vault, vault_of
from services.evidence.act import check_session
from services.evidence.event import Draft
from services.kernel.database import driver_connection
from services.kernel.http.admission import admission_of, principal_of, set_event_header
from services.kernel.principal import Principal
from services.kernel.problems import NotFound, RedwellError


@dataclass(frozen=True, slots=True)
class _Admitted:
    row: dict[str, Any]
    segments: list[asyncpg.Record]
    event_header: str


async def fetch_content(request: Request, document_id: UUID) -> Delivery:
    """The answer that hands over a document, its first segment open already.

    Raises:
        UnmetCondition: they hold a grant of it that is not live.
        NotFound: no such document for the principal.
        IntegrityFailure: what is stored is not what was; its evidence is written.
        Unavailable: the store does not answer.
    """
    vault, principal = vault_of(request), principal_of(request)
    admitted = await _admit(vault, request, document_id)
    row = admitted.row
    handover = Handover(
        vault.recorder, admission_of(request), principal, subject_of(row), row["length_bytes"]
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


async def _admit(vault: Vault, request: Request, document_id: UUID) -> _Admitted:
    admission, principal, now = admission_of(request), principal_of(request), vault.recorder.clock()
    values = parameters(principal, now)
    async with vault.database.transaction([principal.firm]) as session:
        row = await FETCHABLE[principal.acts_for_another].first(session, values | {"document": document_id})
        if row is None:
            await check_session(session, principal, now)
            await tell_holder_of_document(session, principal, now, document_id)
            raise NotFound
        segments = await SEGMENTS.all(session, values | {"version": row["version_id"]})
        content = {"sha256": row["sha256"].hex(), "len": row["length_bytes"]}
        draft = Draft("document.fetched", subject=subject_of(row), content=content)
        connection = await driver_connection(session)
        event = await vault.recorder.append(connection, principal.firm, draft, admission)
    return _Admitted(dict(row), segments, event.header)


async def _open(vault: Vault, handover: Handover, admitted: _Admitted) -> Delivery:
    row, keys = admitted.row, matter_key_of(admitted.row)
    require_whole(admitted.segments, row["segment_count"], row["length_bytes"])
    document = document_view(row, vault.keychain.matter_names(keys))
    assert document.version is not None
    place = SegmentContext(handover.principal.firm, row["matter_id"], row["id"], row["version_id"], 0, 0)
    data_key = vault.keychain.data_key(keys, row["version_id"], row["wrapped_data_key"])
    version = SealedVersion(vault.store, data_key, place, admitted.segments)
    return Delivery(
        handover,
        version,
        await version.plaintext(0),
        headers=content_headers(document, document.version),
        check=lambda: _check(vault, handover.principal, row),
        pace=Pace(vault.settings.upload_minimum_rate_bytes, asyncio.get_running_loop().time),
    )


async def _check(vault: Vault, principal: Principal, row: dict[str, Any]) -> None:
    now = vault.recorder.clock()
    values = parameters(principal, now) | {"document": row["id"], "version": row["version_id"]}
    async with vault.database.transaction([principal.firm]) as session:
        if await STILL_READABLE[principal.acts_for_another].first(session, values) is None:
            await check_session(session, principal, now)
            raise AccessEnded


async def _record_failure(handover: Handover, error: BaseException) -> str | None:
    """Evidence of a fetch that ended before it began; the header of the integrity event, if there is one."""
    problem: RedwellError | None = problem_of(error) if isinstance(error, Exception) else None
    event = await handover.record_integrity() if isinstance(problem, IntegrityFailure) else None
    await handover.record_end(0, error)
    return None if event is None else event.header
