"""Opens a version for its content: the version's row, and the upload that takes it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from services.docs_api.keychain import WrappedMatterKey
from services.docs_api.vault import vault_of
from services.evidence.act import Act
from services.kernel.ids import new_id
from services.tables.content import Upload, Version


class Declared(Protocol):
    """What the sender says that the content will be."""

    @property
    def length_bytes(self) -> int | None: ...
    @property
    def sha256(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where a version belongs."""

    matter: UUID
    document: UUID
    number: int


def open_version(act: Act, key: WrappedMatterKey, place: Place, declared: Declared) -> tuple[Version, Upload]:
    """The rows, to be inserted in this order."""
    version = _version(act, key, place)
    return version, _upload(act, place, version.id, declared)


def _version(act: Act, key: WrappedMatterKey, place: Place) -> Version:
    version_id = new_id(act.now)
    _, wrapped = vault_of(act.request).keychain.new_data_key(key, version_id)
    return Version(
        tenant_id=act.principal.firm,
        id=version_id,
        document_id=place.document,
        number=place.number,
        state="receiving",
        length_bytes=None,
        sha256=None,
        segment_count=None,
        matter_key_id=key.id,
        wrapped_data_key=wrapped,
        created_at=act.now,
        created_by=act.principal.id,
        available_at=None,
        scan_result=None,
        scan_engine=None,
        scan_signature=None,
        scanned_at=None,
        released_at=None,
        released_by=None,
        release_reason_sealed=None,
    )


def _upload(act: Act, place: Place, version_id: UUID, declared: Declared) -> Upload:
    lifetime = timedelta(seconds=vault_of(act.request).settings.upload_lifetime_seconds)
    return Upload(
        tenant_id=act.principal.firm,
        id=new_id(act.now),
        matter_id=place.matter,
        document_id=place.document,
        version_id=version_id,
        member_id=act.principal.id,
        session_id=act.principal.session,
        kind="plain",
        state="open",
        received_bytes=0,
        declared_bytes=declared.length_bytes,
        announced_bytes=None,
        declared_sha256=bytes.fromhex(declared.sha256) if declared.sha256 else None,
        lease_owner=None,
        lease_expires_at=None,
        created_at=act.now,
        expires_at=act.now + lifetime,
        completed_request=None,
        completed_operation=None,
        waiting_since=None,
        attempts=0,
        next_attempt_at=None,
        reason=None,
    )
