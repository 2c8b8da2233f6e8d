"""Bytes from the socket into sealed segments: stored first, then said to be there, and watched meanwhile.

Each segment's row is committed in a transaction that asks again for session, matter and lease.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import ClientDisconnect

from services.docs_api.keys import firm_key_of
from services.docs_api.quotas.charging import require_room
from services.docs_api.sealing.context import SegmentContext
from services.docs_api.sealing.segments import SALT_BYTES, SegmentSealer
from services.docs_api.statements import Prepared
from services.docs_api.stores.errors import FirmStoreChanged
from services.docs_api.stores.queries import CONSTRAINT
from services.docs_api.transfers.admission import LEASE_SECONDS, Reception
from services.docs_api.transfers.ended import why_ended
from services.docs_api.transfers.intake import FROM_THE_START, Intake, SealedSegment, Start, Taken
from services.docs_api.transfers.leftovers import remove
from services.docs_api.transfers.pace import Pace
from services.docs_api.transfers.queries import HOLD, KEEP, STANDING, STILL_WRITABLE
from services.docs_api.transfers.watch import CHECK_SECONDS, Watch, under_watch
from services.docs_api.vault import Vault
from services.evidence.act import check_session
from services.kernel.principal import Principal
from services.kernel.problems import RedwellError, TooLarge, Unavailable
from services.storage.protocol import new_object_key
from services.storage.stores import address_of


@dataclass(frozen=True, slots=True)
class Terms:
    """Under which an upload goes on: what is asked meanwhile, and how long its lease is."""

    still_writable: Prepared
    hold: Prepared
    check_session: Callable[[AsyncSession, Principal, datetime], Awaitable[None]]
    lease_seconds: int


PLAIN = Terms(STILL_WRITABLE, HOLD, check_session, LEASE_SECONDS)


class Receiving:
    """One request that brings content.

    Args:
        vault: where it goes.
        reception: what was admitted.
        terms: under which it goes on.
        start: where in the version it begins.
    """

    def __init__(
        self, vault: Vault, reception: Reception, terms: Terms = PLAIN, start: Start = FROM_THE_START
    ) -> None:
        self._vault = vault
        self._reception = reception
        self._pace = Pace(vault.settings.upload_minimum_rate_bytes, asyncio.get_running_loop().time)
        self._terms, self._start = terms, start
        self._received_bytes = 0
        self._kept_bytes = start.offset_bytes
        self._least_kept_bytes: int | None = None
        """How much a request that breaks off must have brought for the end of it to be kept; None: never."""
        self._counted_at_once = True
        """Whether a segment counts as received as soon as it is kept."""
        self._sealed_digests = hashlib.sha256()

    async def move(self, request: Request) -> Taken:
        principal = self._reception.principal
        tenants = (principal.firm, principal.organization)
        watch = Watch(self._check, self._pace, self._vault.alarm, tenants)
        intake = Intake(self._sealer, self._keep, self._start)
        return await under_watch(self._take_all(request, intake), watch.keep(), intake.breakdown())

    async def _take_all(self, request: Request, intake: Intake) -> Taken:
        limit = self._vault.settings.document_limit_bytes
        if self._reception.room_bytes is not None:
            limit = self._reception.room_bytes
        chunks = request.stream()
        try:
            while True:
                with self._pace.waiting():
                    chunk = await anext(chunks, None)
                if chunk is None:
                    break
                self._received_bytes += len(chunk)
                if self._received_bytes > limit:
                    raise TooLarge
                self._reception.expected.require_within(self._received_bytes)
                self._pace.moved(len(chunk))
                await intake.take(chunk)
            self._require_enough()
            taken = await intake.finish()
        except ClientDisconnect:
            await self._keep_what_came(intake)
            raise
        finally:
            await intake.close()
        self._reception.expected.require(taken.length_bytes, taken.sha256)
        return taken

    def _require_enough(self) -> None:
        """Raise if what came in all is less than a request must bring, before the end of it is kept."""

    async def _keep_what_came(self, intake: Intake) -> None:
        if self._least_kept_bytes is None or not self._counted_at_once:
            return
        if self._received_bytes >= self._least_kept_bytes:
            await intake.finish()
        else:
            await intake.settle()

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
        address = address_of(self._reception.row["store"], new_object_key())
        await self._vault.stores.put(address, segment.sealed)
        try:
            await self._say_kept(segment, address)
        except RedwellError as refused:
            # Whether it was committed is not known where the database went away.
            if isinstance(refused, FirmStoreChanged) or not isinstance(refused, Unavailable):
                await remove(self._vault.stores, [address])
            raise
        self._kept_bytes = segment.offset_bytes + segment.length_bytes
        self._sealed_digests.update(segment.sealed_sha256)

    async def _say_kept(self, segment: SealedSegment, address: str) -> None:
        received = segment.offset_bytes + segment.length_bytes
        async with self._vault.database.transaction([self._reception.tenant]) as session:
            await self._hold(session, received if self._counted_at_once else self._start.offset_bytes)
            if not self._reception.is_charged:
                await require_room(session, self._vault.settings, self._reception.charged)
            await _keep_row(
                session,
                {
                    "tenant_id": self._reception.tenant,
                    "version_id": self._reception.row["version_id"],
                    "ordinal": segment.ordinal,
                    "offset_bytes": segment.offset_bytes,
                    "length_bytes": segment.length_bytes,
                    "object_key": address,
                    "sealed_bytes": len(segment.sealed),
                    "sealed_sha256": segment.sealed_sha256,
                    "salt": bytes(segment.sealed[:SALT_BYTES]),
                },
            )

    async def _hold(self, session: AsyncSession, received_bytes: int, silent_seconds: float = 0) -> None:
        """Extend the lease, if the upload may still go on; it counts from when the client was last heard."""
        now = self._vault.recorder.clock()
        values = self._reception.values(now) | {
            "received": received_bytes,
            "held_until": now + timedelta(seconds=self._terms.lease_seconds - silent_seconds),
        }
        if await self._terms.hold.first(session, values) is None:
            raise await self._why_ended(session)

    async def _check(self) -> None:
        now, lease = self._vault.recorder.clock(), self._terms.lease_seconds
        self._vault.keychain.require(firm_key_of(self._reception.row))
        silent = self._pace.silent_seconds
        async with self._vault.database.transaction([self._reception.tenant]) as session:
            row = await self._terms.still_writable.first(session, self._reception.values(now))
            if row is None:
                raise await self._why_ended(session)
            left = (row["lease_expires_at"] - now).total_seconds()
            # A client that is not heard keeps nobody out: its line may be gone without a word.
            if left < min(lease * 2 / 3, lease - silent - CHECK_SECONDS):
                received = self._kept_bytes if self._counted_at_once else self._start.offset_bytes
                await self._hold(session, received, silent)

    async def _why_ended(self, session: AsyncSession) -> RedwellError:
        now = self._vault.recorder.clock()
        await self._terms.check_session(session, self._reception.principal, now)
        found = await STANDING.first(session, self._reception.values(now))
        return why_ended(found, self._reception.lease)


async def _keep_row(session: AsyncSession, row: dict[str, object]) -> None:
    try:
        await KEEP.run(session, row)
    except asyncpg.CheckViolationError as refused:
        if refused.constraint_name != CONSTRAINT:
            raise
        raise FirmStoreChanged from refused
