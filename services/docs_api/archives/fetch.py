"""A set of documents as one archive: everything that can be refused is refused before its first byte.

The set is chosen by the query of access; every document's key is opened, its segments are found whole, and
their objects there; then access is asked once more, and evidence of every document is committed with it; then
the first segment is opened. Only then the answer begins, and its length is exact.
"""

import asyncio
from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from services.docs_api.access import parameters
from services.docs_api.archives.choosing import choose
from services.docs_api.archives.contents import Archive
from services.docs_api.archives.deliver import ArchiveDelivery, Reading
from services.docs_api.archives.evidence import Witness
from services.docs_api.archives.presence import Damaged, require_present
from services.docs_api.archives.queries import STILL_ALL
from services.docs_api.archives.schemas import SetQuery
from services.docs_api.keys import firm_key_of
from services.docs_api.transfers.errors import AccessEnded, IntegrityFailure
from services.docs_api.transfers.failures import problem_of
from services.docs_api.transfers.headers import disposition
from services.docs_api.transfers.pace import Pace
from services.docs_api.transfers.watch import Watch, whatever_happens
from services.docs_api.vault import Vault, vault_of
from services.evidence.act import check_session, open_act
from services.kernel.http.admission import principal_of, set_event_header
from services.kernel.principal import Principal
from services.storage.protocol import StoreError


async def fetch_archive(request: Request, matter_id: UUID, query: SetQuery) -> Response:
    """The answer that hands over a set; its place among the transfers is its own until it ends.

    Raises:
        TooManyRequests, Unavailable: there is no place for it.
        RedwellError: see `choose` and `_answer`.
    """
    vault, principal = vault_of(request), principal_of(request)
    with ExitStack() as stack:
        stack.enter_context(vault.slots.take(principal.session))
        archive = await choose(vault, request, principal, matter_id, query)
        answer = await _answer(vault, request, principal, archive)
        answer.ends_with(stack.pop_all())
    return answer


async def _answer(vault: Vault, request: Request, principal: Principal, archive: Archive) -> ArchiveDelivery:
    """The delivery, its first piece open and its evidence committed.

    Raises:
        AccessEnded: one of its documents went meanwhile.
        IntegrityFailure: something stored is not what it was; its evidence is written.
        Unavailable: the store does not answer.
    """
    witness = Witness.of(request, vault.recorder, principal)
    try:
        await require_present(vault, archive.contents)
    except Damaged as damaged:
        event = await witness.integrity(damaged.content)
        raise _recorded(request, event.header) from damaged
    except StoreError as error:
        raise problem_of(error) from error
    async with open_act(request, [principal.firm], principal) as act:
        await _require_all_readable(act.session, vault, principal, archive)
        admitted = await witness.admitted(act, archive)
    reading = Reading(vault, archive)
    watch = Watch(
        lambda: _check(vault, principal, archive),
        Pace(vault.settings.upload_minimum_rate_bytes, asyncio.get_running_loop().time),
        vault.alarm,
        (principal.firm, principal.organization),
    )
    delivery = ArchiveDelivery(witness, archive, reading, headers=_headers(archive), watch=watch)
    try:
        await delivery.prepare()
    except (Exception, asyncio.CancelledError) as error:
        # The archive is on record as admitted, so its end must be too.
        found = await whatever_happens(delivery.end(error))
        if not isinstance(error, Exception):
            raise
        if found is not None:
            raise _recorded(request, found.header) from error
        raise problem_of(error) from error
    set_event_header(request.scope, admitted.header)
    return delivery


def _recorded(request: Request, header: str) -> IntegrityFailure:
    """The problem of content that is damaged, whose event is written already."""
    set_event_header(request.scope, header)
    problem = IntegrityFailure()
    problem.recorded = True
    return problem


def _headers(archive: Archive) -> dict[str, str]:
    return {
        "content-type": "application/zip",
        "content-length": str(archive.layout.length_bytes),
        "content-disposition": disposition(archive.name),
        "accept-ranges": "none",
    }


async def _check(vault: Vault, principal: Principal, archive: Archive) -> None:
    async with vault.database.transaction([principal.firm]) as session:
        await _require_all_readable(session, vault, principal, archive)


async def _require_all_readable(
    session: AsyncSession, vault: Vault, principal: Principal, archive: Archive
) -> None:
    """Return if the principal may read all of it now.

    Raises:
        AccessEnded, SessionEnded: they may not.
        FirmKeyUnavailable: nobody may.
    """
    now = vault.recorder.clock()
    versions = [content.row["version_id"] for content in archive.contents]
    values: dict[str, Any] = parameters(principal, now) | {"versions": versions}
    row = await STILL_ALL[principal.acts_for_another].first(session, values)
    if row is None or row[0] != len(versions):
        await check_session(session, principal, now)
        raise AccessEnded
    for key in {firm_key_of(content.row) for content in archive.contents}:
        vault.keychain.require(replace(key, revoked=row["firm_revoked"]))
