"""The bytes of an exit bundle (docs/sealing-format.md, section 5): a tar that is never held whole.

In memory is one sealed object at a time, and the ids of the versions. Each object is compared with the
digest of its row before a byte of it goes out; nothing is opened.
"""

import hashlib
import json
import tarfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.docs_api.access import parameters
from services.docs_api.documents.schemas import DocumentView
from services.docs_api.documents.service import document_view, subject_of
from services.docs_api.exits.queries import SEALED_SEGMENTS, VERSION_OF_MATTER
from services.docs_api.keys import matter_key_of
from services.docs_api.transfers.errors import AccessEnded, IntegrityFailure
from services.docs_api.transfers.intake import in_thread
from services.docs_api.transfers.opening import require_whole
from services.docs_api.vault import Vault
from services.evidence.event import Subject
from services.kernel.principal import Principal
from services.keys.escrow import EscrowKey

FORMAT = "redwell-exit/v1"
INFO = b"redwell/exit/v1"
Row = Mapping[str, Any]


@dataclass(slots=True)
class ExitBundle:
    """What goes into one. `manifest` is its first file; `versions`, in the order they go out.

    `at` is the document whose version is being packed, and its length.
    """

    vault: Vault
    principal: Principal
    matter: UUID
    key: EscrowKey
    manifest: Mapping[str, object]
    versions: Sequence[UUID]
    at: tuple[Subject, int] | None = None

    async def pieces(self) -> AsyncIterator[bytes]:
        """The tar, piece by piece.

        Raises:
            AccessEnded: the matter is no longer theirs, or a version is gone.
            IntegrityFailure: an object is not what was stored.
            StoreError: the store does not answer.
        """
        yield _member("manifest.json", _json(self.manifest))
        for number, version in enumerate(self.versions, 1):
            async for piece in self._version(f"{number:06}", version):
                yield piece
        yield bytes(2 * tarfile.BLOCKSIZE)

    async def _version(self, folder: str, version: UUID) -> AsyncIterator[bytes]:
        row, segments = await self._rows(version)
        self.at = (subject_of(row), row["length_bytes"])
        require_whole(segments, row["segment_count"], row["length_bytes"])
        objects = [{"bytes": one["sealed_bytes"], "sha256": one["sealed_sha256"].hex()} for one in segments]
        place = {"document": str(row["id"]), "version": str(version), "objects": objects}
        yield _member(f"{folder}/manifest.json", _json(place))
        yield _member(f"{folder}/escrow", self.key.seal(_json(self._opening(row, segments)), INFO))
        for segment in segments:
            yield _header(f"{folder}/{segment['ordinal']:08}", segment["sealed_bytes"])
            yield await self._object(segment)
            yield _padding(segment["sealed_bytes"])

    async def _rows(self, version: UUID) -> tuple[Row, Sequence[Row]]:
        values = parameters(self.principal, self.vault.recorder.clock())
        values |= {"matter": self.matter, "version": version}
        async with self.vault.database.transaction([self.principal.firm]) as session:
            row = await VERSION_OF_MATTER.first(session, values)
            if row is None:
                raise AccessEnded
            return dict(row), await SEALED_SEGMENTS.all(session, values)

    async def _object(self, segment: Row) -> bytes:
        sealed = await self.vault.stores.get(segment["object_key"])
        digest = await in_thread(len(sealed), hashlib.sha256, sealed)
        if len(sealed) != segment["sealed_bytes"] or digest.digest() != segment["sealed_sha256"]:
            raise IntegrityFailure
        return bytes(sealed)

    def _opening(self, row: Row, segments: Sequence[Row]) -> dict[str, object]:
        """All that is needed to open a version, and to file it where it was."""
        keychain, keys = self.vault.keychain, matter_key_of(row)
        document: DocumentView = document_view(row, keychain.matter_names(keys))
        data_key = keychain.data_key(keys, row["version_id"], row["wrapped_data_key"])
        return {
            "tenant": str(self.principal.firm),
            "matter": str(self.matter),
            "document": str(document.id),
            "version": str(row["version_id"]),
            "number": row["number"],
            "name": document.name,
            "folder": document.folder,
            "class": document.class_id,
            "state": document.state,
            "data_key": data_key.material.hex(),
            "segments": len(segments),
            "length": row["length_bytes"],
            "sha256": row["sha256"].hex(),
        }


def _json(fields: Mapping[str, object]) -> bytes:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def _member(name: str, content: bytes) -> bytes:
    return _header(name, len(content)) + content + _padding(len(content))


def _header(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info.tobuf(tarfile.USTAR_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)
