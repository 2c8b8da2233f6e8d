"""Admits the content of an upload: one short transaction that takes the lease and records the start."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from fastapi import Request
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.docs_api.access import parameters
from services.docs_api.documents.errors import DocumentWithdrawn
from services.docs_api.keys import matter_key_of
from services.docs_api.matters.errors import MatterClosed
from services.docs_api.quotas.charging import Charged, require_room
from services.docs_api.transfers.digests import FIELDS, parse_digest_fields
from services.docs_api.transfers.errors import (
    DigestMismatch,
    UploadBusy,
    UploadClosed,
    UploadExpired,
    UploadOfAnotherKind,
)
from services.docs_api.transfers.queries import admissible
from services.docs_api.vault import Vault
from services.evidence.act import check_session
from services.evidence.event import Draft, Subject
from services.kernel.database import driver_connection
from services.kernel.http.admission import admission_of, principal_of
from services.kernel.principal import Admission, Principal
from services.kernel.problems import NotFound, TooLarge
from services.keys.wrapping import SecretKey
from services.tables.content import Segment, Upload, Version

LEASE_SECONDS = 30
EVENT = "document.received"


@dataclass(frozen=True, slots=True)
class Expected:
    """What the sender says that the content is."""

    length_bytes: int | None
    sha256: frozenset[bytes]

    def require(self, length_bytes: int, sha256: bytes) -> None:
        """Return if the content is that.

        Raises:
            DigestMismatch: it is not.
        """
        if self.length_bytes not in {None, length_bytes} or self.sha256 - {sha256}:
            raise DigestMismatch

    def require_within(self, length_bytes: int) -> None:
        """Return if so much may have come (raises DigestMismatch if that is more than was said)."""
        if self.length_bytes is not None and length_bytes > self.length_bytes:
            raise DigestMismatch


@dataclass(frozen=True, slots=True)
class Reception:
    """An admitted upload: who sends it, its row, its lease, its key and what it must be."""

    admission: Admission
    principal: Principal
    row: Mapping[str, Any]
    lease: UUID
    data_key: SecretKey
    expected: Expected
    room_bytes: int | None = None
    """How much may come at most; None: as much as a document may have."""

    @property
    def tenant(self) -> UUID:
        return self.principal.firm

    @property
    def subject(self) -> Subject:
        row = self.row
        return Subject(
            "document", row["document_id"], row["matter_id"], row["document_id"], row["version_id"]
        )

    @property
    def charged(self) -> Charged:
        return Charged(self.tenant, self.row["matter_id"], self.principal.id)

    @property
    def is_charged(self) -> bool:
        """Whether the quotas were charged with all that may come, before it does."""
        return self.expected.length_bytes is not None or self.row["declared_bytes"] is not None

    def values(self, now: datetime) -> dict[str, object]:
        """Parameters of the statements in `queries`."""
        mine = {"upload": self.row["id"], "lease": self.lease}
        return parameters(self.principal, now) | mine


async def admit(vault: Vault, request: Request, upload_id: UUID) -> Reception:
    """Take the lease of an upload and begin it anew: what an earlier attempt left no longer counts.

    Raises:
        NotFound: no such upload of the principal, on a matter they are on.
        UploadOfAnotherKind: it was begun by the tus protocol.
        UploadClosed, MatterClosed, DocumentWithdrawn: it takes nothing, or not now.
        UploadBusy: another request is sending it.
        DigestMismatch: its declarations contradict one another.
        TooLarge, QuotaExceeded: it is announced to be beyond the limit, or there is no room for it.
    """
    admission, principal = admission_of(request), principal_of(request)
    if principal.acts_for_another:
        raise NotFound
    announced = _announced(request)
    now = vault.recorder.clock()
    async with vault.database.transaction([principal.firm]) as session:
        await check_session(session, principal, now)
        found = await session.execute(admissible(upload_id), parameters(principal, now))
        row = found.mappings().one_or_none()
        if row is None:
            raise NotFound
        if row["kind"] != "plain":
            raise UploadOfAnotherKind
        require_open(row, now)
        expected = _expected(vault, row, announced)
        matter_key = matter_key_of(dict(row))
        # A key of its own for each attempt: no object of an earlier one opens in this one's place.
        data_key, wrapped = vault.keychain.new_data_key(matter_key, row["version_id"])
        reception = Reception(admission, principal, dict(row), uuid4(), data_key, expected)
        await _begin(session, reception, wrapped, now)
        if expected.length_bytes and row["declared_bytes"] is None:
            await require_room(session, vault.settings, reception.charged)
        connection = await driver_connection(session)
        if row["lease_expires_at"] is not None:
            # Whoever held it ended without a word.
            left_open = Draft(EVENT, "failed", "interrupted", subject=reception.subject)
            await vault.recorder.append(connection, principal.firm, left_open, admission)
        draft = Draft(EVENT, "info", subject=reception.subject, change={"phase": "started"})
        await vault.recorder.append(connection, principal.firm, draft, admission)
    return reception


def _announced(request: Request) -> Expected:
    """What the request's own header says: the declared rest is known once the row is."""
    length = request.headers.get("content-length")
    fields = [(name, value) for name in FIELDS for value in request.headers.getlist(name)]
    digits = length is not None and length.isascii() and length.isdigit()
    return Expected(int(length or 0) if digits else None, parse_digest_fields(fields))


def require_open(row: Mapping[Any, Any], now: datetime) -> None:
    """Return if content may come now (raises UploadClosed, MatterClosed, DocumentWithdrawn, UploadBusy)."""
    if row["state"] != "open":
        raise UploadClosed
    if row["expires_at"] <= now:
        raise UploadExpired
    if row["matter_state"] != "open":
        raise MatterClosed
    if row["document_state"] != "active":
        raise DocumentWithdrawn
    require_free(row["lease_expires_at"], now)


def require_free(lease_expires_at: datetime | None, now: datetime) -> None:
    """Return if no request is sending, or none that was heard lately (raises UploadBusy)."""
    if lease_expires_at is not None and lease_expires_at > now:
        raise UploadBusy((lease_expires_at - now).total_seconds())


def _expected(vault: Vault, row: Mapping[Any, Any], announced: Expected) -> Expected:
    lengths = {row["declared_bytes"], announced.length_bytes} - {None}
    digests = announced.sha256 | ({row["declared_sha256"]} - {None})
    if len(lengths) > 1 or len(digests) > 1:
        raise DigestMismatch
    length: int | None = next(iter(lengths), None)
    if (length or 0) > vault.settings.document_limit_bytes:
        raise TooLarge
    return Expected(length, frozenset(digests))


async def _begin(session: AsyncSession, reception: Reception, wrapped: bytes, now: datetime) -> None:
    row, tenant = reception.row, reception.tenant
    await session.execute(
        delete(Segment).where(Segment.tenant_id == tenant, Segment.version_id == row["version_id"])
    )
    await session.execute(
        update(Version)
        .where(Version.tenant_id == tenant, Version.id == row["version_id"], Version.state == "receiving")
        .values(wrapped_data_key=wrapped, matter_key_id=row["matter_key_id"])
    )
    await session.execute(
        update(Upload)
        .where(Upload.tenant_id == tenant, Upload.id == row["id"])
        .values(
            received_bytes=0,
            announced_bytes=reception.expected.length_bytes,
            lease_owner=reception.lease,
            lease_expires_at=now + timedelta(seconds=LEASE_SECONDS),
        )
    )
