"""The content of an upload, from the socket to an available version.

1. Admit: one transaction takes the lease and records the start.
2. Move: chunks are hashed and sealed; each full segment is stored, then its row committed, in a transaction
   that asks again for session, matter and lease. In between, no transaction is open.
3. Close: one transaction pins length, digest and segments, records it, and makes the version available; or,
   where there is a scanner, leaves that to who scans it (`arrivals`). No request waits for a scan.

Whatever stops it on the way removes the rows, records why, and leaves the upload open for a fresh attempt.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.docs_api.arrivals.pinning import (
    NOT_CONFIGURED,
    VersionPlace,
    describe,
    make_available,
    pin_to_scan,
    pinned,
)
from services.docs_api.documents.schemas import DocumentView
from services.docs_api.documents.service import document_view
from services.docs_api.keys import matter_key_of
from services.docs_api.transfers.admission import EVENT, admit
from services.docs_api.transfers.attempt import Attempt
from services.docs_api.transfers.intake import Taken
from services.docs_api.transfers.queries import COMPLETE, TO_SCAN
from services.docs_api.vault import vault_of
from services.evidence.event import Draft, Event
from services.kernel.database import driver_connection
from services.tables.content import Segment, Upload


async def receive_content(request: Request, upload_id: UUID) -> DocumentView:
    """Take the content of an upload.

    Raises:
        RedwellError: see `admit`; or what stopped it on the way, its evidence already written.
        ClientDisconnect: the client went away, and the evidence says so.
    """
    vault = vault_of(request)
    return await _Plain(vault, await admit(vault, request, upload_id)).run(request)


class _Plain(Attempt[DocumentView]):
    """One attempt to receive all of a version."""

    async def _complete(self, taken: Taken) -> tuple[DocumentView, Event]:
        """Pin the version; the document as it is then, and the event that says what came."""
        vault, reception, now = self._vault, self._reception, self._vault.recorder.clock()
        async with vault.database.transaction([reception.tenant]) as session:
            values = reception.values(now) | {"received": taken.length_bytes, "now": now}
            statement = COMPLETE if vault.scanner is None else TO_SCAN
            if await statement.first(session, values) is None:
                raise await self._why_ended(session)
            row = await self._arrived(session, taken, now)
            content: dict[str, object] = {
                "sha256": taken.sha256.hex(),
                "len": taken.length_bytes,
                "segments": taken.segment_count,
                "sealed_sha256": self._sealed_digests.hexdigest(),
            }
            draft = Draft(EVENT, "allowed", subject=reception.subject, content=content)
            connection = await driver_connection(session)
            event = await vault.recorder.append(connection, reception.tenant, draft, reception.admission)
        self._completed = True
        if vault.scanner is not None:
            vault.received.set()
        return document_view(row, vault.keychain.matter_names(matter_key_of(row))), event

    async def _arrived(self, session: AsyncSession, taken: Taken, now: datetime) -> dict[str, Any]:
        """Pin the version, and make it available unless it is scanned first; the document's row then."""
        reception = self._reception
        place = VersionPlace(reception.tenant, reception.row["document_id"], reception.row["version_id"])
        if self._vault.scanner is None:
            columns = pinned(taken) | NOT_CONFIGURED.columns(now)
            described = await make_available(session, place, now, columns)
        else:
            await pin_to_scan(session, place, taken)
            described = await describe(session, place)
        return {**reception.row, **described}

    def _left(self) -> dict[str, object]:
        return {"bytes": self._kept_bytes}

    async def _reopen(self, session: AsyncSession) -> Sequence[str]:
        """And remove the rows: the next attempt begins anew."""
        row, tenant = self._reception.row, self._reception.tenant
        mine = (
            Upload.tenant_id == tenant,
            Upload.id == row["id"],
            Upload.lease_owner == self._reception.lease,
            Upload.state == "open",
        )
        if await session.scalar(select(Upload.id).where(*mine).with_for_update()) is None:
            return ()
        gone = await session.scalars(
            delete(Segment)
            .where(Segment.tenant_id == tenant, Segment.version_id == row["version_id"])
            .returning(Segment.object_key)
        )
        left = gone.all()
        await session.execute(
            update(Upload).where(*mine).values(received_bytes=0, lease_owner=None, lease_expires_at=None)
        )
        return left
