"""Statements that uploads in motion ask; every one holds the conditions under which they may go on."""

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Uuid, and_, bindparam, exists, func, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from services.docs_api.access import MEMBER, NOW, TENANT, may_write, on_matter, session_lives
from services.docs_api.keys import KEY_COLUMNS, firm_of_matter_key
from services.docs_api.roots.queries import root_revoked
from services.docs_api.statements import Prepared
from services.docs_api.stores.queries import store_of
from services.tables.content import Document, Segment, Upload
from services.tables.docs import FirmKey, Matter, MatterKey

UPLOAD = bindparam("upload", type_=Uuid())
LEASE = bindparam("lease", type_=Uuid())


def admissible(upload_id: UUID) -> Any:  # noqa: ANN401 -- SQLAlchemy's Select of a dozen columns
    """The upload of its own sender, locked, and the matter's current key."""
    current = and_(
        MatterKey.tenant_id == Upload.tenant_id,
        MatterKey.matter_id == Upload.matter_id,
        MatterKey.retired_at.is_(None),
    )
    return (
        select(
            Upload.id,
            Upload.matter_id,
            Upload.document_id,
            Upload.version_id,
            Upload.kind,
            Upload.state,
            Upload.expires_at,
            Upload.lease_expires_at,
            Upload.declared_bytes,
            Upload.declared_sha256,
            Document.state.label("document_state"),
            Matter.state.label("matter_state"),
            store_of(Upload.tenant_id),
            *KEY_COLUMNS,
        )
        .select_from(Upload)
        .join(Matter, and_(Matter.tenant_id == Upload.tenant_id, Matter.id == Upload.matter_id))
        .join(Document, and_(Document.tenant_id == Upload.tenant_id, Document.id == Upload.document_id))
        .join(MatterKey, current)
        .join(FirmKey, firm_of_matter_key())
        .where(Upload.tenant_id == TENANT, Upload.id == upload_id, Upload.member_id == MEMBER, on_matter())
        .with_for_update(of=Upload)
    )


def going_on(session: ColumnElement[bool]) -> tuple[ColumnElement[bool], ...]:
    """The lease is ours, the session is as `session` says, its member may still write into the matter.

    And the document is not withdrawn, nor the firm's root revoked.
    """
    writable = exists().where(
        Matter.tenant_id == TENANT, Matter.id == Upload.matter_id, may_write().self_group()
    )
    active = exists(Document.id).where(
        Document.tenant_id == TENANT, Document.id == Upload.document_id, Document.state == "active"
    )
    return (
        Upload.tenant_id == TENANT,
        Upload.id == UPLOAD,
        Upload.lease_owner == LEASE,
        Upload.state == "open",
        ~root_revoked(TENANT),
        writable.correlate(Upload),
        active.correlate(Upload),
        session,
    )


def still_writable(session: ColumnElement[bool]) -> Prepared:
    """Until when the lease is, if the upload may still go on."""
    return Prepared(select(Upload.lease_expires_at).where(*going_on(session)))


def hold(session: ColumnElement[bool]) -> Prepared:
    """Extends the lease and says how much came, if the upload may still go on."""
    return Prepared(
        update(Upload)
        .where(*going_on(session))
        .values(
            # A look that was overtaken by a segment must not take back what that acknowledged.
            received_bytes=func.greatest(Upload.received_bytes, bindparam("received", type_=BigInteger())),
            lease_expires_at=bindparam("held_until", type_=DateTime(timezone=True)),
        )
        .returning(Upload.id)
    )


STILL_WRITABLE, HOLD = still_writable(session_lives()), hold(session_lives())
KEEP = Prepared(insert(Segment))
_ALL_CAME: dict[str, Any] = {
    "received_bytes": bindparam("received"),
    "lease_owner": None,
    "lease_expires_at": None,
}
COMPLETE = Prepared(
    update(Upload)
    .where(*going_on(session_lives()))
    .values(**_ALL_CAME, state="complete")
    .returning(Upload.id)
)
TO_SCAN = Prepared(
    update(Upload)
    .where(*going_on(session_lives()))
    .values(**_ALL_CAME, state="scanning", waiting_since=NOW)
    .returning(Upload.id)
)
STANDING = Prepared(
    select(
        Upload.lease_owner,
        Upload.state,
        Matter.state.label("matter_state"),
        Document.state.label("document_state"),
        on_matter().label("on_matter"),
        root_revoked(TENANT).label("revoked"),
    )
    .select_from(Upload)
    .join(Matter, and_(Matter.tenant_id == Upload.tenant_id, Matter.id == Upload.matter_id))
    .join(Document, and_(Document.tenant_id == Upload.tenant_id, Document.id == Upload.document_id))
    .where(Upload.tenant_id == TENANT, Upload.id == UPLOAD)
)
"""What `going_on` asks, each by itself: to tell which of it does not hold."""
