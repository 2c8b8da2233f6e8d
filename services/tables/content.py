"""Tables that `docs_api` writes: documents, their versions and segments, and uploads on their way.

Columns that end in `_sealed`, and `_index` beside them, are as in `docs`.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.tables.roles import Role
from services.tables.schema import ALL, KEEP, Access, Record, RowId, TenantId, references

_WHERE = "SELECT (tenant_id, id, matter_id)"


class Document(Record):
    """A document of a matter. `latest_number` is its newest available version; None until there is one.

    `revision` grows with every change and every new version.
    """

    __tablename__ = "documents"
    __table_args__ = (
        references("matters", "matter_id"),
        ForeignKeyConstraint(
            ["tenant_id", "class_id"], ["document_classes.tenant_id", "document_classes.id"]
        ),
        Index(None, "tenant_id", "matter_id", "id"),
        Index(None, "tenant_id", "matter_id", "name_index"),
        Index(None, "tag_indexes", postgresql_using="gin"),
        CheckConstraint("state IN ('active', 'withdrawn')", name="state"),
        {
            "info": {
                "access": Access(
                    writer="docs_api",
                    grants={
                        Role.DOCS: KEEP,
                        Role.SWEEPER: (_WHERE,),
                        Role.COURIER: (_WHERE,),
                        Role.VERIFIER: (_WHERE,),
                    },
                    across={Role.SWEEPER: "true", Role.COURIER: "true", Role.VERIFIER: "true"},
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    matter_id: Mapped[UUID]
    class_id: Mapped[str]
    name_sealed: Mapped[bytes]
    name_index: Mapped[bytes]
    folder_sealed: Mapped[bytes]
    folder_index: Mapped[bytes]
    tags_sealed: Mapped[bytes | None]
    tag_indexes: Mapped[list[bytes]] = mapped_column(server_default=text("'{}'"))
    note_sealed: Mapped[bytes | None]
    media_type: Mapped[str]
    latest_number: Mapped[int | None]
    state: Mapped[str]
    revision: Mapped[int]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]


class DocumentChangeRecord(Record):
    """A document as it was until it was renamed, moved, reclassified, withdrawn or restored. Kept."""

    __tablename__ = "document_changes"
    __table_args__ = (
        references("documents", "document_id"),
        UniqueConstraint("tenant_id", "document_id", "revision"),
        {"info": {"access": Access(writer="docs_api", grants={Role.DOCS: ("SELECT", "INSERT")})}},
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    document_id: Mapped[UUID]
    revision: Mapped[int]
    fields: Mapped[list[str]]
    name_sealed: Mapped[bytes]
    folder_sealed: Mapped[bytes]
    tags_sealed: Mapped[bytes | None]
    note_sealed: Mapped[bytes | None]
    class_id: Mapped[str]
    state: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]


class Version(Record):
    """An immutable version: one data key; length, digest and segment count are pinned once it is verified.

    `scan_result` is what the scan came to, of which `scan_signature` is what was found and `scan_engine` what
    found it; None until then, and for versions of before there were scans. What `released_by` let out of the
    quarantine keeps the result for which it was there.
    """

    __tablename__ = "versions"
    __table_args__ = (
        references("documents", "document_id"),
        references("matter_keys", "matter_key_id"),
        UniqueConstraint("tenant_id", "document_id", "number"),
        Index(None, "tenant_id", "matter_key_id"),
        CheckConstraint(
            "state IN ('receiving', 'verifying', 'scanning', 'available', 'rejected', 'quarantined', "
            "'abandoned')",
            name="state",
        ),
        CheckConstraint(
            "scan_result IN ('not-configured', 'clean', 'infected', 'too-large', 'too-large-accepted')",
            name="scan_result",
        ),
        CheckConstraint(
            "(released_at IS NULL) = (released_by IS NULL) AND "
            "(released_at IS NULL) = (release_reason_sealed IS NULL)",
            name="released",
        ),
        CheckConstraint(
            "state <> 'available' OR (length_bytes IS NOT NULL AND sha256 IS NOT NULL)", name="pinned"
        ),
        {
            "info": {
                "access": Access(
                    writer="docs_api",
                    grants={
                        Role.DOCS: KEEP,
                        Role.SWEEPER: ("SELECT (tenant_id, id, document_id, state)", "UPDATE (state)"),
                        Role.VERIFIER: (
                            "SELECT (tenant_id, id, document_id, state)",
                            "SELECT (length_bytes, sha256, segment_count, matter_key_id, wrapped_data_key)",
                        ),
                        Role.ROTATOR: (
                            "SELECT (tenant_id, id, matter_key_id, wrapped_data_key)",
                            "UPDATE (matter_key_id, wrapped_data_key)",
                        ),
                    },
                    across=dict.fromkeys((Role.SWEEPER, Role.VERIFIER, Role.ROTATOR), "true"),
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    document_id: Mapped[UUID]
    number: Mapped[int]
    state: Mapped[str]
    length_bytes: Mapped[int | None]
    sha256: Mapped[bytes | None]
    segment_count: Mapped[int | None]
    matter_key_id: Mapped[UUID]
    wrapped_data_key: Mapped[bytes]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]
    available_at: Mapped[datetime | None]
    scan_result: Mapped[str | None]
    scan_engine: Mapped[str | None]
    scan_signature: Mapped[str | None]
    scanned_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    released_by: Mapped[UUID | None]
    release_reason_sealed: Mapped[bytes | None]


class Segment(Record):
    """One sealed object of a version: plaintext `offset_bytes` and `length_bytes`, and where it lies."""

    __tablename__ = "segments"
    __table_args__ = (
        references("versions", "version_id"),
        UniqueConstraint("object_key"),
        CheckConstraint("length_bytes BETWEEN 0 AND 8388608", name="length"),
        {
            "info": {
                "access": Access(
                    writer="docs_api",
                    grants={
                        Role.DOCS: ALL,
                        Role.SWEEPER: ("SELECT (tenant_id, version_id, object_key)", "DELETE"),
                        Role.VERIFIER: ("SELECT",),
                    },
                    across={Role.SWEEPER: "true", Role.VERIFIER: "true"},
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    version_id: Mapped[RowId]
    ordinal: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    offset_bytes: Mapped[int]
    length_bytes: Mapped[int]
    object_key: Mapped[str]
    sealed_bytes: Mapped[int]
    sealed_sha256: Mapped[bytes]
    salt: Mapped[bytes | None]
    """The sealed object's salt: of two objects sealed for one place only this one is taken."""


class Upload(Record):
    """A version on its way in. The lease says which process writes it now; it is a row, never a held lock.

    `kind`: `plain` comes in one request and begins anew when that fails; `tus` grows, and goes on where it
    stopped. `completed_request` and `completed_operation` name the request that brought the last byte.
    `announced_bytes` is what the request that holds the lease says that it brings. An upload that is open is
    charged to its firm and matter with the most of what was declared, announced and received (`quotas`).

    Once that is there the row is the job of verifying and scanning: in its state since `waiting_since`, tried
    in vain `attempts` times because of `reason`, and next tried at `next_attempt_at`.
    """

    __tablename__ = "uploads"
    __table_args__ = (
        references("versions", "version_id"),
        CheckConstraint(
            "state IN ('open', 'verifying', 'scanning', 'complete', 'rejected', 'quarantined', 'abandoned')",
            name="state",
        ),
        CheckConstraint("kind IN ('plain', 'tus')", name="kind"),
        Index(None, "tenant_id", "member_id", "state"),
        Index(None, "state", "expires_at"),
        Index(None, "tenant_id", "matter_id", postgresql_where=text("state = 'open'")),
        {
            "info": {
                "access": Access(
                    writer="docs_api",
                    grants={
                        Role.DOCS: KEEP,
                        Role.SWEEPER: (
                            "SELECT",
                            "UPDATE (state, received_bytes, lease_owner, lease_expires_at)",
                        ),
                    },
                    across={Role.SWEEPER: "true"},
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    matter_id: Mapped[UUID]
    document_id: Mapped[UUID]
    version_id: Mapped[UUID]
    member_id: Mapped[UUID]
    session_id: Mapped[UUID]
    kind: Mapped[str]
    state: Mapped[str]
    received_bytes: Mapped[int]
    declared_bytes: Mapped[int | None]
    announced_bytes: Mapped[int | None]
    declared_sha256: Mapped[bytes | None]
    lease_owner: Mapped[UUID | None]
    lease_expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    completed_request: Mapped[UUID | None]
    completed_operation: Mapped[str | None]
    waiting_since: Mapped[datetime | None]
    attempts: Mapped[int]
    next_attempt_at: Mapped[datetime | None]
    reason: Mapped[str | None]


class UploadCapability(Record):
    """What lets whoever holds it go on with one upload: kept as a digest, and who it stands for."""

    __tablename__ = "upload_capabilities"
    __table_args__ = (
        references("uploads", "upload_id"),
        UniqueConstraint("sha256"),
        Index(None, "tenant_id", "upload_id"),
        Index(None, "expires_at"),
        {
            "info": {
                "access": Access(
                    writer="docs_api",
                    grants={
                        Role.DOCS: ("SELECT", "INSERT"),
                        Role.GATEWAY: ("SELECT",),
                        Role.SWEEPER: ("SELECT (tenant_id, sha256, expires_at)", "DELETE"),
                    },
                    across={Role.GATEWAY: "true", Role.SWEEPER: "true"},
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    sha256: Mapped[bytes] = mapped_column(primary_key=True)
    upload_id: Mapped[UUID]
    member_id: Mapped[UUID]
    session_id: Mapped[UUID]
    roles: Mapped[list[str]]
    acr: Mapped[str]
    amr: Mapped[list[str]]
    auth_time: Mapped[datetime]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
