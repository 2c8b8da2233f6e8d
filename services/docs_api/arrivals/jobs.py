"""A job: an upload that has all its content, leased by whoever verifies or scans it.

The job is the upload's row. The lease is renewed while the work goes on, and whoever finds that it is no
longer theirs stops at once: somebody else does the same work from the beginning. When a process dies, another
takes the job up once the lease has run out. What could not be done is tried again, later and later.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.docs_api.arrivals.pinning import VersionPlace
from services.docs_api.arrivals.queries import arrived
from services.docs_api.keys import firm_key_of, matter_key_of
from services.docs_api.roots.queries import root_revoked
from services.docs_api.sealing.context import SegmentContext
from services.docs_api.transfers.opening import SealedVersion
from services.docs_api.tus.queries import segments_of
from services.docs_api.vault import Vault
from services.evidence.event import Subject
from services.tables.content import Upload, UploadCapability

LEASE = timedelta(seconds=30)
RENEW_SECONDS = 5.0
_FIRST_WAIT_SECONDS = 2
_LONGEST_WAIT_SECONDS = 300
_ATTEMPTS_COUNTED = 10


class LeaseLostError(Exception):
    """Somebody else has the job now, or it was ended."""


@dataclass(frozen=True, slots=True)
class Job:
    """One upload, for as long as the lease is ours. `sender`: the capability it came by, if it did."""

    tenant: UUID
    row: Mapping[str, Any]
    lease: UUID
    segments: Sequence[Mapping[str, Any]]
    sender: UploadCapability | None

    @property
    def place(self) -> VersionPlace:
        return VersionPlace(self.tenant, self.row["document_id"], self.row["version_id"])

    @property
    def subject(self) -> Subject:
        row = self.row
        return Subject(
            "document", row["document_id"], row["matter_id"], row["document_id"], row["version_id"]
        )

    async def content(self, vault: Vault) -> SealedVersion:
        """What opens its segments.

        Raises:
            Exception: the keys do not open, or not now.
        """
        row, matter_key = self.row, matter_key_of(self.row)
        await vault.keychain.unlock(matter_key.firm)
        data_key = vault.keychain.data_key(matter_key, row["version_id"], row["wrapped_data_key"])
        context = SegmentContext(
            self.tenant, row["matter_id"], row["document_id"], row["version_id"], ordinal=0, offset=0
        )
        return SealedVersion(vault.stores, data_key, context, self.segments, vault.opening)

    def is_ours(self) -> tuple[Any, ...]:
        return (
            Upload.tenant_id == self.tenant,
            Upload.id == self.row["id"],
            Upload.state == self.row["state"],
            Upload.lease_owner == self.lease,
        )


async def take(vault: Vault, tenant: UUID, upload_id: UUID, state: str) -> Job | None:
    """Lease the upload; None if somebody else has it."""
    now, lease = vault.recorder.clock(), uuid4()
    async with vault.database.transaction([tenant]) as session:
        found = await session.execute(arrived(tenant, upload_id, state))
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
    return Job(tenant, row, lease, segments, sender)


async def keep(vault: Vault, job: Job) -> None:
    """Renew the lease for as long as the work takes; never returns.

    Raises:
        LeaseLostError: it is ours no longer.
        FirmKeyUnavailable: the firm's root may not be used any more.
    """
    while True:
        await asyncio.sleep(RENEW_SECONDS)
        until = vault.recorder.clock() + LEASE
        async with vault.database.transaction([job.tenant]) as session:
            revoked = await session.scalar(select(root_revoked(job.tenant)))
            renewed = await session.scalar(
                update(Upload).where(*job.is_ours()).values(lease_expires_at=until).returning(Upload.id)
            )
        if renewed is None:
            raise LeaseLostError
        vault.keychain.require(replace(firm_key_of(job.row), revoked=bool(revoked)))


async def close(session: AsyncSession, job: Job, state: str, **more: object) -> None:
    """The upload goes on to `state`.

    Raises:
        LeaseLostError: it is not ours to say.
    """
    changed: dict[str, object] = {
        "state": state,
        "lease_owner": None,
        "lease_expires_at": None,
        "attempts": 0,
        "next_attempt_at": None,
        "reason": None,
    }
    closed = await session.scalar(
        update(Upload).where(*job.is_ours()).values(changed | more).returning(Upload.id)
    )
    if closed is None:
        raise LeaseLostError


async def put_off(vault: Vault, job: Job, reason: str) -> float:
    """Free the job, to be tried again later; after how many seconds."""
    attempts = job.row["attempts"] + 1
    doublings = min(attempts - 1, _ATTEMPTS_COUNTED)
    wait_seconds = min(_FIRST_WAIT_SECONDS * 2**doublings, _LONGEST_WAIT_SECONDS)
    next_attempt_at = vault.recorder.clock() + timedelta(seconds=wait_seconds)
    async with vault.database.transaction([job.tenant]) as session:
        await session.execute(
            update(Upload)
            .where(*job.is_ours())
            .values(
                lease_owner=None,
                lease_expires_at=None,
                attempts=attempts,
                next_attempt_at=next_attempt_at,
                reason=reason,
            )
        )
    return float(wait_seconds)
