"""Verifies what came in parts: reads all of it back, opens it, and only then makes the version available.

A digest of a stream cannot be put aside and taken up again, so what came in parts is hashed from the store,
in the background, with nobody waiting. The job is a row (the upload in the state `verifying`) with a lease:
when a process dies another takes it up once the lease has run out, and begins anew. A store that does not
answer is asked again; an object that is not what was stored, or content that is not what was declared,
rejects the version for good.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.docs_api.keys import matter_key_of
from services.docs_api.sealing.context import SegmentContext
from services.docs_api.sealing.segments import SealError
from services.docs_api.sweep.sweeper import sweeper_connection
from services.docs_api.transfers.admission import EVENT, Expected, Reception
from services.docs_api.transfers.errors import DigestMismatch, IntegrityFailure
from services.docs_api.transfers.failures import reason_of
from services.docs_api.transfers.intake import Taken, in_thread
from services.docs_api.transfers.opening import SealedVersion, require_whole
from services.docs_api.transfers.receive import pin
from services.docs_api.tus.queries import received, segments_of
from services.docs_api.vault import Vault
from services.evidence.event import Draft
from services.kernel.database import driver_connection
from services.kernel.logs import logger
from services.kernel.principal import Admission, Principal
from services.kernel.scopes import Role
from services.keys.errors import KeysError
from services.storage.protocol import ObjectMissingError
from services.tables.content import Upload, UploadCapability, Version

LEASE = timedelta(seconds=30)
LOOK_SECONDS = 10.0
_WAITING = """
SELECT tenant_id, id FROM uploads
WHERE state = 'verifying' AND (lease_expires_at IS NULL OR lease_expires_at <= $1) ORDER BY id LIMIT 16
"""
_WRONG = (SealError, KeysError, ObjectMissingError, IntegrityFailure, DigestMismatch)
_METHODS = {"tus.create": "POST", "tus.send": "PATCH"}
_log = logger("docs")


@dataclass(frozen=True, slots=True)
class _Job:
    reception: Reception
    segments: Sequence[Mapping[str, Any]]


async def verify_until(stop: asyncio.Event, vault: Vault) -> None:
    """Verify whatever waits for it, until told to stop."""
    while not stop.is_set():
        vault.received.clear()
        try:
            await verify_waiting(vault)
        except Exception as failure:  # noqa: BLE001 -- if this ended, no upload would ever become a document
            _log.error("verification failed, and is tried again", exc_info=failure)
        try:
            await asyncio.wait_for(vault.received.wait(), LOOK_SECONDS)
        except TimeoutError:
            continue


async def verify_waiting(vault: Vault) -> None:
    """One round over the uploads that nobody verifies just now."""
    async with sweeper_connection(vault) as connection:
        waiting = await connection.fetch(_WAITING, vault.recorder.clock())
    for row in waiting:
        await _verify_one(vault, row["tenant_id"], row["id"])


async def _verify_one(vault: Vault, tenant: UUID, upload_id: UUID) -> None:
    """Verify an upload. One that cannot be now waits for its lease to end, and holds up no other."""
    try:
        job = await _take(vault, tenant, upload_id)
        if job is not None:
            await _verify(vault, job)
    except Exception as failure:  # noqa: BLE001 -- whatever it was, it is this upload's alone
        _log.error("an upload is not verified yet", upload=str(upload_id), exc_info=failure)


async def _take(vault: Vault, tenant: UUID, upload_id: UUID) -> _Job | None:
    """Lease the upload, and what it takes to verify it; None if somebody else has it."""
    now, lease = vault.recorder.clock(), uuid4()
    async with vault.database.transaction([tenant]) as session:
        found = await session.execute(received(tenant, upload_id))
        found_row = found.mappings().one_or_none()
        if found_row is None:
            return None
        row = dict(found_row)
        if row["lease_expires_at"] is not None and row["lease_expires_at"] > now:
            return None
        await session.execute(
            update(Upload)
            .where(Upload.tenant_id == tenant, Upload.id == upload_id)
            .values(lease_owner=lease, lease_expires_at=now + LEASE)
        )
        sender = await session.scalar(
            select(UploadCapability).where(
                UploadCapability.tenant_id == tenant, UploadCapability.upload_id == upload_id
            )
        )
        stored = await session.execute(segments_of(tenant, row["version_id"]))
        segments = [dict(segment) for segment in stored.mappings()]
    matter_key = matter_key_of(row)
    await vault.keychain.unlock(matter_key.firm)
    data_key = vault.keychain.data_key(matter_key, row["version_id"], row["wrapped_data_key"])
    declared = frozenset({row["declared_sha256"]} - {None})
    admission = _admission(row, sender, tenant)
    assert admission.principal is not None
    expected = Expected(row["declared_bytes"], declared)
    return _Job(Reception(admission, admission.principal, row, lease, data_key, expected), segments)


def _admission(row: Mapping[str, Any], sender: UploadCapability | None, tenant: UUID) -> Admission:
    """The request that brought the last byte: the version is its doing."""
    principal = Principal(
        id=row["member_id"],
        organization=tenant,
        firm=tenant,
        session=row["session_id"],
        roles=frozenset(map(Role, sender.roles)) if sender else frozenset(),
        scopes=frozenset(),
        acr=sender.acr if sender else "",
        amr=tuple(sender.amr) if sender else (),
        auth_time=row["created_at"],
        upload=row["id"],
    )
    operation = row["completed_operation"]
    return Admission(operation, _METHODS[operation], "", row["completed_request"], "", "", principal)


async def _verify(vault: Vault, job: _Job) -> None:
    try:
        taken, sealed_sha256 = await _read(vault, job)
        job.reception.expected.require(taken.length_bytes, taken.sha256)
    except _WRONG as wrong:
        await _reject(vault, job.reception, wrong)
        return
    await _accept(vault, job.reception, taken, sealed_sha256)


async def _read(vault: Vault, job: _Job) -> tuple[Taken, str]:
    """Length and digest of everything, and the digest of the sealed objects' digests."""
    reception, digest, sealed = job.reception, hashlib.sha256(), hashlib.sha256()
    row, length = reception.row, 0
    require_whole(job.segments, len(job.segments), row["declared_bytes"])
    place = SegmentContext(reception.tenant, row["matter_id"], row["document_id"], row["version_id"], 0, 0)
    version = SealedVersion(vault.store, reception.data_key, place, job.segments, vault.opening)
    for ordinal, segment in enumerate(job.segments):
        plaintext = await version.plaintext(ordinal)
        await in_thread(len(plaintext), digest.update, plaintext)
        sealed.update(segment["sealed_sha256"])
        length += len(plaintext)
        await _renew(vault, reception)
    return Taken(length, digest.digest(), len(job.segments)), sealed.hexdigest()


async def _renew(vault: Vault, reception: Reception) -> None:
    async with vault.database.transaction([reception.tenant]) as session:
        until = vault.recorder.clock() + LEASE
        await session.execute(update(Upload).where(*_ours(reception)).values(lease_expires_at=until))


def _ours(reception: Reception) -> tuple[Any, ...]:
    return (
        Upload.tenant_id == reception.tenant,
        Upload.id == reception.row["id"],
        Upload.state == "verifying",
        Upload.lease_owner == reception.lease,
    )


async def _accept(vault: Vault, reception: Reception, taken: Taken, sealed_sha256: str) -> None:
    content: dict[str, object] = {
        "sha256": taken.sha256.hex(),
        "len": taken.length_bytes,
        "segments": taken.segment_count,
        "sealed_sha256": sealed_sha256,
    }
    async with vault.database.transaction([reception.tenant]) as session:
        if not await _end(session, reception, "complete"):
            return
        await pin(session, reception, taken, vault.recorder.clock())
        draft = Draft(EVENT, "allowed", subject=reception.subject, content=content)
        connection = await driver_connection(session)
        await vault.recorder.append(connection, reception.tenant, draft, reception.admission)


async def _reject(vault: Vault, reception: Reception, wrong: Exception) -> None:
    async with vault.database.transaction([reception.tenant]) as session:
        if not await _end(session, reception, "rejected"):
            return
        await session.execute(
            update(Version)
            .where(Version.tenant_id == reception.tenant, Version.id == reception.row["version_id"])
            .values(state="rejected")
        )
        draft = Draft(EVENT, "failed", reason_of(wrong), subject=reception.subject)
        connection = await driver_connection(session)
        await vault.recorder.append(connection, reception.tenant, draft, reception.admission)


async def _end(session: AsyncSession, reception: Reception, state: str) -> bool:
    """Close the upload, if it is ours still."""
    ended = await session.scalar(
        update(Upload)
        .where(*_ours(reception))
        .values(state=state, lease_owner=None, lease_expires_at=None)
        .returning(Upload.id)
    )
    return ended is not None
