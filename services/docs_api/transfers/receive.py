"""The content of an upload, from the socket to an available version.

1. Admit: one transaction takes the lease and records the start.
2. Move: chunks are hashed and sealed; each full segment is stored, then its row committed, in a transaction
   that asks again for session, matter and lease. In between, no transaction is open.
3. Close: one transaction pins length, digest and segments, makes the version available and records it.

Whatever stops it on the way removes the rows, records why, and leaves the upload open for a fresh attempt.
"""

import asyncio
import hashlib
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import Request
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import ClientDisconnect

from services.docs_api.documents.schemas import DocumentView
from services.docs_api.documents.service import document_view
from services.docs_api.keys import matter_key_of
from services.docs_api.sealing.context import SegmentContext
from services.docs_api.sealing.segments import SegmentSealer
from services.docs_api.transfers.admission import EVENT, LEASE_SECONDS, Reception, admit
from services.docs_api.transfers.errors import AccessEnded, UploadBusy
from services.docs_api.transfers.failures import problem_of, reason_of
from services.docs_api.transfers.intake import Intake, SealedSegment, Taken, in_thread
from services.docs_api.transfers.pace import Pace
from services.docs_api.transfers.queries import COMPLETE, HOLD, LEASE_HELD, STILL_WRITABLE
from services.docs_api.transfers.watch import Watch, under_watch, whatever_happens
from services.docs_api.vault import Vault, vault_of
from services.evidence.act import check_session
from services.evidence.event import Draft, Event
from services.kernel.database import driver_connection
from services.kernel.http.admission import set_event_header
from services.kernel.problems import RedwellError, TooLarge
from services.storage.protocol import new_object_key
from services.tables.content import Document, Segment, Upload, Version

_DESCRIBING = (
    Document.class_id,
    Document.name_sealed,
    Document.folder_sealed,
    Document.state,
    Document.revision,
)
"""May have changed while the content came."""
_LEASE_RENEWED = timedelta(seconds=LEASE_SECONDS * 2 / 3)


async def receive_content(request: Request, upload_id: UUID) -> DocumentView:
    """Take the content of an upload.

    Raises:
        RedwellError: see `admit`; or what stopped it on the way, its evidence already written.
        ClientDisconnect: the client went away, and the evidence says so.
    """
    vault = vault_of(request)
    receiving = _Receiving(vault, await admit(vault, request, upload_id))
    try:
        taken = await receiving.move(request)
        view, event = await whatever_happens(receiving.complete(taken))
    except (Exception, asyncio.CancelledError) as error:
        if receiving.completed:
            raise
        # Whatever it was: the rows go, the upload opens again and the log says why.
        event = await whatever_happens(receiving.give_up(error))
        set_event_header(request.scope, event.header)
        if isinstance(error, (ClientDisconnect, asyncio.CancelledError)):
            raise
        problem = problem_of(error)
        problem.recorded = True
        raise problem from error
    set_event_header(request.scope, event.header)
    return view


class _Receiving:
    """One attempt to receive."""

    def __init__(self, vault: Vault, reception: Reception) -> None:
        self._vault = vault
        self._reception = reception
        self._pace = Pace(vault.settings.upload_minimum_rate_bytes, asyncio.get_running_loop().time)
        self.completed = False
        self._kept_bytes = 0
        self._sealed_digests = hashlib.sha256()

    async def move(self, request: Request) -> Taken:
        principal = self._reception.principal
        tenants = (principal.firm, principal.organization)
        watch = Watch(self._check, self._pace, self._vault.alarm, tenants)
        return await under_watch(self._take_all(request), watch.keep())

    async def _take_all(self, request: Request) -> Taken:
        limit = self._vault.settings.document_limit_bytes
        intake = Intake(self._sealer, self._keep)
        received = 0
        chunks = request.stream()
        try:
            while True:
                with self._pace.waiting():
                    chunk = await anext(chunks, None)
                if chunk is None:
                    break
                received += len(chunk)
                if received > limit:
                    raise TooLarge
                self._pace.moved(len(chunk))
                await intake.take(chunk)
            taken = await intake.finish()
        finally:
            await intake.close()
        self._reception.expected.require(taken.length_bytes, taken.sha256)
        return taken

    def _sealer(self, ordinal: int, offset_bytes: int, buffer: bytearray) -> SegmentSealer:
        row = self._reception.row
        context = SegmentContext(
            tenant=self._reception.tenant,
            matter=row["matter_id"],
            document=row["document_id"],
            version=row["version_id"],
            ordinal=ordinal,
            offset=offset_bytes,
        )
        return SegmentSealer(self._reception.data_key, context, buffer)

    async def _keep(self, segment: SealedSegment) -> None:
        """Store first, then say so: a row never points at nothing."""
        sealed_bytes, object_key = len(segment.sealed), new_object_key()
        sealed_sha256: bytes = await in_thread(sealed_bytes, _sha256, segment.sealed)
        await self._vault.store.put(object_key, segment.sealed)
        received = segment.offset_bytes + segment.length_bytes
        async with self._vault.database.transaction([self._reception.tenant]) as session:
            await self._hold(session, received)
            await session.execute(
                insert(Segment).values(
                    tenant_id=self._reception.tenant,
                    version_id=self._reception.row["version_id"],
                    ordinal=segment.ordinal,
                    offset_bytes=segment.offset_bytes,
                    length_bytes=segment.length_bytes,
                    object_key=object_key,
                    sealed_bytes=sealed_bytes,
                    sealed_sha256=sealed_sha256,
                )
            )
        self._kept_bytes = received
        self._sealed_digests.update(sealed_sha256)

    async def _hold(self, session: AsyncSession, received_bytes: int) -> None:
        """Extend the lease, if the upload may still go on."""
        now = self._vault.recorder.clock()
        values = self._reception.values(now) | {
            "received": received_bytes,
            "held_until": now + timedelta(seconds=LEASE_SECONDS),
        }
        if await HOLD.first(session, values) is None:
            raise await self._why_ended(session)

    async def _check(self) -> None:
        now = self._vault.recorder.clock()
        async with self._vault.database.transaction([self._reception.tenant]) as session:
            row = await STILL_WRITABLE.first(session, self._reception.values(now))
            if row is None:
                raise await self._why_ended(session)
            if row["lease_expires_at"] - now < _LEASE_RENEWED:
                await self._hold(session, self._kept_bytes)

    async def _why_ended(self, session: AsyncSession) -> RedwellError:
        now = self._vault.recorder.clock()
        await check_session(session, self._reception.principal, now)
        held = await LEASE_HELD.first(session, self._reception.values(now))
        return UploadBusy() if held is None else AccessEnded()

    async def complete(self, taken: Taken) -> tuple[DocumentView, Event]:
        """Pin the version and make it available; the document, and the event that says so."""
        vault, reception, now = self._vault, self._reception, self._vault.recorder.clock()
        async with vault.database.transaction([reception.tenant]) as session:
            values = reception.values(now) | {"received": taken.length_bytes}
            if await COMPLETE.first(session, values) is None:
                raise await self._why_ended(session)
            described = await self._pin(session, taken, now)
            content: dict[str, object] = {
                "sha256": taken.sha256.hex(),
                "len": taken.length_bytes,
                "segments": taken.segment_count,
                "sealed_sha256": self._sealed_digests.hexdigest(),
            }
            draft = Draft(EVENT, "allowed", subject=reception.subject, content=content)
            connection = await driver_connection(session)
            event = await vault.recorder.append(connection, reception.tenant, draft, reception.admission)
        self.completed = True
        row = reception.row
        pinned = {
            **row,
            **described,
            "id": row["document_id"],
            "length_bytes": taken.length_bytes,
            "sha256": taken.sha256,
            "available_at": now,
        }
        return document_view(pinned, vault.keychain.matter_names(matter_key_of(row))), event

    async def _pin(self, session: AsyncSession, taken: Taken, now: datetime) -> dict[str, Any]:
        """Pin the version; what the document is called, and its revision, once it has it."""
        row, tenant = self._reception.row, self._reception.tenant
        await session.execute(
            update(Version)
            .where(Version.tenant_id == tenant, Version.id == row["version_id"], Version.state == "receiving")
            .values(
                state="available",
                length_bytes=taken.length_bytes,
                sha256=taken.sha256,
                segment_count=taken.segment_count,
                available_at=now,
            )
        )
        # A version that took longer than a later one does not become the newest again.
        changed = await session.execute(
            update(Document)
            .where(Document.tenant_id == tenant, Document.id == row["document_id"])
            .values(
                latest_number=func.greatest(func.coalesce(Document.latest_number, 0), row["number"]),
                revision=Document.revision + 1,
            )
            .returning(*_DESCRIBING)
        )
        return dict(changed.mappings().one())

    async def give_up(self, error: BaseException) -> Event:
        """Remove the rows, free the lease and record why, unless another attempt has taken over already."""
        vault, reception = self._vault, self._reception
        status = problem_of(error).status if isinstance(error, Exception) else None
        draft = Draft(
            EVENT,
            "failed",
            reason_of(error),
            subject=reception.subject,
            change={"bytes": self._kept_bytes},
            status=status,
        )
        async with vault.database.transaction([reception.tenant]) as session:
            await self._reopen(session)
            connection = await driver_connection(session)
            return await vault.recorder.append(connection, reception.tenant, draft, reception.admission)

    async def _reopen(self, session: AsyncSession) -> None:
        row, tenant = self._reception.row, self._reception.tenant
        mine = (
            Upload.tenant_id == tenant,
            Upload.id == row["id"],
            Upload.lease_owner == self._reception.lease,
            Upload.state == "open",
        )
        if await session.scalar(select(Upload.id).where(*mine).with_for_update()) is None:
            return
        await session.execute(
            delete(Segment).where(Segment.tenant_id == tenant, Segment.version_id == row["version_id"])
        )
        await session.execute(
            update(Upload).where(*mine).values(received_bytes=0, lease_owner=None, lease_expires_at=None)
        )


def _sha256(sealed: memoryview) -> bytes:
    return hashlib.sha256(sealed).digest()
