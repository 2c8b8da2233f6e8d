"""Tables that `docs_api` writes: the vault. Every row belongs to a firm.

Columns that end in `_sealed` hold text under the matter's or the firm's names key; `_index` beside one is its
blind index for exact match.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.tables.roles import Role
from services.tables.schema import IN_TENANTS, Access, Record, RowId, TenantId

_ALL = ("SELECT", "INSERT", "UPDATE", "DELETE")
_KEEP = ("SELECT", "INSERT", "UPDATE")
_READ = ("SELECT",)
_EITHER_PARTY = f"{IN_TENANTS.format(column='tenant_id')} OR {IN_TENANTS.format(column='provider_id')}"
_TERM = "SELECT (tenant_id, id, provider_id, state, ends_at)"
_WHO_UNTIL_WHEN = (
    "SELECT (tenant_id, id, matter_id, engagement_id, provider_id, member_id, "  # no purpose
    "ends_at, created_at, revoked_at)"
)
_VAULT = {"info": {"access": Access(writer="docs_api", grants={Role.DOCS: _KEEP})}}


def _to(table: str, column: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"])


class Engagement(Record):
    """A firm has admitted a provider. Both parties may read it; the firm alone writes it."""

    __tablename__ = "engagements"
    __table_args__ = (
        CheckConstraint("state IN ('active', 'ended')", name="state"),
        CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name="term"),
        Index(None, "provider_id"),
        {
            "info": {
                "access": Access(
                    writer="docs_api",
                    grants={Role.DOCS: _KEEP, Role.AUTH: _READ, Role.COURIER: (_TERM,)},
                    across={Role.AUTH: _EITHER_PARTY, Role.DOCS: _EITHER_PARTY, Role.COURIER: "true"},
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    provider_id: Mapped[UUID]
    services: Mapped[list[str]]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    state: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[UUID | None]
    countries: Mapped[list[str]]
    """Where the provider's people may be; empty means anywhere."""
    consent_required: Mapped[bool]
    nda_version: Mapped[int | None]
    """The version that everybody must have signed; None while there is no text."""
    revision: Mapped[int]


class NdaVersion(Record):
    """A text that the provider's people sign, sealed under the firm's names key. Never changed."""

    __tablename__ = "nda_versions"
    __table_args__ = (
        _to("engagements", "engagement_id"),
        _to("firm_keys", "firm_key_id"),
        UniqueConstraint("tenant_id", "engagement_id", "version"),
        {"info": {"access": Access(writer="docs_api", grants={Role.DOCS: ("SELECT", "INSERT")})}},
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    engagement_id: Mapped[UUID]
    version: Mapped[int]
    firm_key_id: Mapped[UUID]
    text_sealed: Mapped[bytes]
    sha256: Mapped[bytes]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]


class NdaSignature(Record):
    """One of the provider's people signed one version: once, and for good."""

    __tablename__ = "nda_signatures"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "engagement_id", "version"],
            ["nda_versions.tenant_id", "nda_versions.engagement_id", "nda_versions.version"],
        ),
        {"info": {"access": Access(writer="docs_api", grants={Role.DOCS: ("SELECT", "INSERT")})}},
    )
    tenant_id: Mapped[TenantId]
    engagement_id: Mapped[RowId]
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    member_id: Mapped[RowId]
    signed_at: Mapped[datetime]


class DocumentClass(Record):
    """One word of the firm's vocabulary. Ids are clear, because grants and queries are made of them."""

    __tablename__ = "document_classes"
    __table_args__ = (_VAULT,)
    tenant_id: Mapped[TenantId]
    id: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[str]
    created_at: Mapped[datetime]


class FirmKey(Record):
    """A firm's key, wrapped under the root; and its names key, wrapped under the firm key."""

    __tablename__ = "firm_keys"
    __table_args__ = (
        Index(None, "tenant_id", unique=True, postgresql_where=text("retired_at IS NULL")),
        {
            "info": {
                "access": Access(
                    writer="docs_api",
                    grants={
                        Role.DOCS: _KEEP,
                        Role.SWEEPER: ("SELECT (tenant_id, id, wrapped, names_wrapped)",),
                    },
                    across={Role.SWEEPER: "true"},
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    root: Mapped[str]
    wrapped: Mapped[bytes]
    names_wrapped: Mapped[bytes]
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class Matter(Record):
    __tablename__ = "matters"
    __table_args__ = (
        UniqueConstraint("tenant_id", "number_index"),
        CheckConstraint("state IN ('open', 'closed')", name="state"),
        CheckConstraint("sensitivity IN ('standard', 'high')", name="sensitivity"),
        _VAULT,
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    number_sealed: Mapped[bytes]
    number_index: Mapped[bytes]
    title_sealed: Mapped[bytes]
    client_sealed: Mapped[bytes]
    practice_area: Mapped[str]
    sensitivity: Mapped[str]
    supervising_attorney_id: Mapped[UUID]
    state: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]


class MatterKey(Record):
    """A matter's key, wrapped under the firm key; and its names key, wrapped under the matter key."""

    __tablename__ = "matter_keys"
    __table_args__ = (
        _to("matters", "matter_id"),
        _to("firm_keys", "firm_key_id"),
        Index(None, "tenant_id", "matter_id", unique=True, postgresql_where=text("retired_at IS NULL")),
        {"info": {"access": Access(writer="docs_api", grants={Role.DOCS: _KEEP})}},
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    matter_id: Mapped[UUID]
    firm_key_id: Mapped[UUID]
    wrapped: Mapped[bytes]
    names_wrapped: Mapped[bytes]
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class MatterPerson(Record):
    """A member of the firm who is on a matter."""

    __tablename__ = "matter_people"
    __table_args__ = (
        _to("matters", "matter_id"),
        {"info": {"access": Access(writer="docs_api", grants={Role.DOCS: _ALL})}},
    )
    tenant_id: Mapped[TenantId]
    matter_id: Mapped[RowId]
    member_id: Mapped[RowId]
    added_at: Mapped[datetime]
    added_by: Mapped[UUID]


class Consent(Record):
    """The client of a matter agrees that a provider works on it. At most one is in force."""

    __tablename__ = "consents"
    __table_args__ = (
        _to("matters", "matter_id"),
        Index(None, "tenant_id", "matter_id", unique=True, postgresql_where=text("withdrawn_at IS NULL")),
        {"info": {"access": Access(writer="docs_api", grants={Role.DOCS: _KEEP})}},
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    matter_id: Mapped[UUID]
    given_at: Mapped[datetime]
    note_sealed: Mapped[bytes]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[UUID | None]


class Grant(Record):
    """What one of the provider's people may do in a matter, until when and what for."""

    __tablename__ = "grants"
    __table_args__ = (
        _to("matters", "matter_id"),
        _to("engagements", "engagement_id"),
        CheckConstraint("ends_at > starts_at", name="term"),
        CheckConstraint("cardinality(classes) > 0", name="classes"),
        CheckConstraint("permissions <@ ARRAY['read']::text[]", name="permissions"),
        Index(None, "tenant_id", "member_id", "matter_id"),
        Index(None, "ends_at", postgresql_where=text("revoked_at IS NULL")),
        Index(None, "provider_id", "member_id"),
        {
            "info": {
                "access": Access(
                    writer="docs_api",
                    grants={
                        Role.DOCS: _KEEP,
                        Role.AUTH: ("SELECT (tenant_id, id, provider_id, member_id, ends_at, revoked_at)",),
                        Role.COURIER: (_WHO_UNTIL_WHEN,),
                    },
                    across={Role.AUTH: _EITHER_PARTY, Role.COURIER: "true"},
                )
            }
        },
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    matter_id: Mapped[UUID]
    engagement_id: Mapped[UUID]
    provider_id: Mapped[UUID]
    member_id: Mapped[UUID]
    classes: Mapped[list[str]]
    permissions: Mapped[list[str]]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    purpose_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[UUID | None]


class Document(Record):
    """A document of a matter. `latest_number` is its newest available version; None until there is one.

    `revision` grows with every change and every new version.
    """

    __tablename__ = "documents"
    __table_args__ = (
        _to("matters", "matter_id"),
        ForeignKeyConstraint(
            ["tenant_id", "class_id"], ["document_classes.tenant_id", "document_classes.id"]
        ),
        Index(None, "tenant_id", "matter_id", "id"),
        Index(None, "tenant_id", "matter_id", "name_index"),
        CheckConstraint("state IN ('active', 'withdrawn')", name="state"),
        _VAULT,
    )
    tenant_id: Mapped[TenantId]
    id: Mapped[RowId]
    matter_id: Mapped[UUID]
    class_id: Mapped[str]
    name_sealed: Mapped[bytes]
    name_index: Mapped[bytes]
    folder_sealed: Mapped[bytes]
    folder_index: Mapped[bytes]
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
        _to("documents", "document_id"),
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
    class_id: Mapped[str]
    state: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]


class Version(Record):
    """An immutable version: one data key, pinned length, digest and segment count once available."""

    __tablename__ = "versions"
    __table_args__ = (
        _to("documents", "document_id"),
        _to("matter_keys", "matter_key_id"),
        UniqueConstraint("tenant_id", "document_id", "number"),
        CheckConstraint(
            "state IN ('receiving', 'available', 'rejected', 'quarantined', 'abandoned')", name="state"
        ),
        CheckConstraint(
            "state <> 'available' OR (length_bytes IS NOT NULL AND sha256 IS NOT NULL)", name="pinned"
        ),
        {
            "info": {
                "access": Access(
                    writer="docs_api",
                    grants={
                        Role.DOCS: _KEEP,
                        Role.SWEEPER: ("SELECT (tenant_id, id, state)", "UPDATE (state)"),
                    },
                    across={Role.SWEEPER: "true"},
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


class Segment(Record):
    """One sealed object of a version: plaintext `offset_bytes` and `length_bytes`, and where it lies."""

    __tablename__ = "segments"
    __table_args__ = (
        _to("versions", "version_id"),
        UniqueConstraint("object_key"),
        CheckConstraint("length_bytes BETWEEN 0 AND 8388608", name="length"),
        {
            "info": {
                "access": Access(
                    writer="docs_api",
                    grants={
                        Role.DOCS: _ALL,
                        Role.SWEEPER: ("SELECT (tenant_id, version_id, object_key)", "DELETE"),
                    },
                    across={Role.SWEEPER: "true"},
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


class Upload(Record):
    """A version on its way in. The lease says which process writes it now; it is a row, never a held lock."""

    __tablename__ = "uploads"
    __table_args__ = (
        _to("versions", "version_id"),
        CheckConstraint("state IN ('open', 'complete', 'abandoned')", name="state"),
        Index(None, "state", "expires_at"),
        {
            "info": {
                "access": Access(
                    writer="docs_api",
                    grants={
                        Role.DOCS: _KEEP,
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
    state: Mapped[str]
    received_bytes: Mapped[int]
    declared_bytes: Mapped[int | None]
    declared_sha256: Mapped[bytes | None]
    lease_owner: Mapped[UUID | None]
    lease_expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
