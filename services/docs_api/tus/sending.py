"""A PATCH: further content of an upload, from where it stopped.

What is durable is acknowledged segment by segment, so that `HEAD` tells the truth whatever becomes of the
request; with a checksum, all at once at its end. A last transaction says what came, and, once all is there,
hands the upload to who verifies it. Segments are sealed under the version's one key, each with a salt of its
own that its row pins: what an interrupted request left behind opens in nobody's place.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from fastapi import Request
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.docs_api.access import parameters
from services.docs_api.keys import matter_key_of
from services.docs_api.transfers.admission import EVENT, Expected, Reception, require_open
from services.docs_api.transfers.attempt import Attempt
from services.docs_api.transfers.errors import UploadClosed
from services.docs_api.transfers.intake import Start, Taken
from services.docs_api.transfers.leftovers import remove
from services.docs_api.tus.errors import ChecksumMismatch, OffsetMismatch, PatchTooSmall
from services.docs_api.tus.queries import LEASE_SECONDS, TERMS, check_not_ended, held
from services.docs_api.vault import Vault, vault_of
from services.evidence.event import Draft, Event
from services.kernel.database import driver_connection
from services.kernel.http.admission import admission_of, principal_of
from services.kernel.problems import NotFound, TooLarge
from services.tables.content import Segment, Upload, Version


@dataclass(frozen=True, slots=True)
class Piece:
    """What a request says that it brings. `length_bytes` is None where it does not say."""

    offset_bytes: int
    length_bytes: int | None
    sha256: bytes | None


async def send_piece(request: Request, upload_id: UUID, piece: Piece) -> int:
    """Take further content of an upload; how much of the upload there is then.

    Raises:
        NotFound: the upload is not there for whoever asks.
        UploadClosed, UploadBusy, OffsetMismatch, TooLarge, PatchTooSmall: nothing of it is taken, or not now.
        ChecksumMismatch: it is not what it was said to be, and nothing of it was kept.
        RedwellError: what stopped it on the way, its evidence already written.
        ClientDisconnect: the client went away, and the evidence says so.
    """
    vault = vault_of(request)
    with vault.slots.take(principal_of(request).session):
        reception, start = await _admit(vault, request, upload_id, piece)
        return await _Sending(vault, reception, start, piece).run(request)


async def _admit(vault: Vault, request: Request, upload_id: UUID, piece: Piece) -> tuple[Reception, Start]:
    """Take the lease of an upload for one request that goes on with it."""
    admission, principal, now = admission_of(request), principal_of(request), vault.recorder.clock()
    async with vault.database.transaction([principal.firm]) as session:
        await check_not_ended(session, principal, now)
        found = await session.execute(held(upload_id, lock=True), parameters(principal, now))
        found_row = found.mappings().one_or_none()
        if found_row is None or found_row["state"] == "abandoned":
            raise NotFound
        row = dict(found_row)
        require_open(found_row, now)
        _require_fit(vault, row, piece)
        data_key = vault.keychain.data_key(matter_key_of(row), row["version_id"], row["wrapped_data_key"])
        room = row["declared_bytes"] - piece.offset_bytes
        nothing = Expected(None, frozenset())
        reception = Reception(admission, principal, row, uuid4(), data_key, nothing, room)
        ordinal, left = await _forget_unacknowledged(session, reception)
        await session.execute(
            update(Upload)
            .where(Upload.tenant_id == principal.firm, Upload.id == upload_id)
            .values(lease_owner=reception.lease, lease_expires_at=now + timedelta(seconds=LEASE_SECONDS))
        )
        connection = await driver_connection(session)
        if row["lease_expires_at"] is not None:
            left_open = Draft(EVENT, "failed", "interrupted", subject=reception.subject)
            await vault.recorder.append(connection, principal.firm, left_open, admission)
        change = {"phase": "started", "offset": piece.offset_bytes}
        draft = Draft(EVENT, "info", subject=reception.subject, change=change)
        await vault.recorder.append(connection, principal.firm, draft, admission)
    await remove(vault.stores, left)
    return reception, Start(ordinal, piece.offset_bytes, may_be_empty=row["declared_bytes"] == 0)


def _require_fit(vault: Vault, row: dict[str, Any], piece: Piece) -> None:
    """Return if the piece goes on where the upload stopped, and is neither too long nor too short for it."""
    total, length = row["declared_bytes"], piece.length_bytes
    if piece.offset_bytes != row["received_bytes"]:
        raise OffsetMismatch
    if piece.offset_bytes + (length or 0) > total:
        raise TooLarge
    if length is not None:
        require_long_enough(vault, length, piece.offset_bytes + length == total)


def require_long_enough(vault: Vault, length: int, is_rest: bool) -> None:  # noqa: FBT001 -- the one condition
    """Return if a request may bring so little (raises PatchTooSmall)."""
    least = vault.settings.patch_minimum_bytes
    if 0 < length < least and not is_rest:
        raise PatchTooSmall(minimum_bytes=least)


async def _forget_unacknowledged(session: AsyncSession, reception: Reception) -> tuple[int, Sequence[str]]:
    """Forget what an earlier request stored and did not acknowledge.

    Returns the ordinal that comes next, and the objects that no row names then.
    """
    row, tenant = reception.row, reception.tenant
    of_version = (Segment.tenant_id == tenant, Segment.version_id == row["version_id"])
    gone = await session.scalars(
        delete(Segment)
        .where(*of_version, Segment.offset_bytes >= row["received_bytes"])
        .returning(Segment.object_key)
    )
    left = gone.all()
    kept = await session.scalar(select(func.count()).select_from(Segment).where(*of_version))
    return int(kept or 0), left


class _Sending(Attempt[int]):
    """One request that goes on with an upload."""

    def __init__(self, vault: Vault, reception: Reception, start: Start, piece: Piece) -> None:
        super().__init__(vault, reception, TERMS, start)
        self._piece = piece
        self._least_kept_bytes = vault.settings.patch_minimum_bytes
        self._counted_at_once = piece.sha256 is None

    def _require_enough(self) -> None:
        came = self._received_bytes
        require_long_enough(self._vault, came, came == self._reception.room_bytes)

    async def _complete(self, taken: Taken) -> tuple[int, Event]:
        """Say what came; and, if that is all, that it can be verified."""
        vault, reception, now = self._vault, self._reception, self._vault.recorder.clock()
        if self._piece.sha256 not in {None, taken.sha256}:
            raise ChecksumMismatch
        received, total = self._piece.offset_bytes + taken.length_bytes, reception.row["declared_bytes"]
        async with vault.database.transaction([reception.tenant]) as session:
            values = reception.values(now) | {"received": received, "held_until": now}
            if await self._terms.hold.first(session, values) is None:
                raise await self._why_ended(session)
            await self._release(session, "verifying" if received == total else "open")
            change = {"phase": "complete" if received == total else "acknowledged", "received": received}
            draft = Draft(EVENT, "info", subject=reception.subject, change=change)
            connection = await driver_connection(session)
            event = await vault.recorder.append(connection, reception.tenant, draft, reception.admission)
        self._completed = True
        if received == total:
            vault.received.set()
        return received, event

    async def _release(self, session: AsyncSession, state: str) -> None:
        row, tenant, admission = self._reception.row, self._reception.tenant, self._reception.admission
        changed: dict[str, object] = {"state": state, "lease_owner": None, "lease_expires_at": None}
        if state == "verifying":
            changed |= {
                "completed_request": admission.request_id,
                "completed_operation": admission.operation,
                "waiting_since": self._vault.recorder.clock(),
            }
            await session.execute(
                update(Version)
                .where(Version.tenant_id == tenant, Version.id == row["version_id"])
                .values(state="verifying")
            )
        await session.execute(
            update(Upload).where(Upload.tenant_id == tenant, Upload.id == row["id"]).values(changed)
        )

    async def _reopen(self, session: AsyncSession) -> Sequence[str]:
        """What was kept stays for whoever goes on."""
        reception = self._reception
        await session.execute(
            update(Upload)
            .where(
                Upload.tenant_id == reception.tenant,
                Upload.id == reception.row["id"],
                Upload.lease_owner == reception.lease,
            )
            .values(lease_owner=None, lease_expires_at=None)
        )
        return ()

    def _left(self) -> dict[str, object]:
        """What was acknowledged stays."""
        return {"received": self._kept_bytes if self._counted_at_once else self._start.offset_bytes}


def require_unfinished(state: str) -> None:
    """Return if content may still come (raises UploadClosed)."""
    if state != "open":
        raise UploadClosed
