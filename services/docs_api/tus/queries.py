"""Statements about uploads that go on where they stopped.

A session that has only run out, by the clock, does not end what was begun in it: the capability has an end
of its own. One that was ended, by whomever, does; and so does the end of somebody external, and of a program:
of its session, its key or its term.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.elements import ColumnElement

from services.docs_api.access import MEMBER, NOW, ORGANIZATION, SESSION, TENANT, on_matter
from services.docs_api.keys import KEY_COLUMNS, firm_of_matter_key
from services.docs_api.stores.queries import store_of
from services.docs_api.transfers.queries import hold, still_writable
from services.docs_api.transfers.receiving import Terms
from services.kernel.principal import Principal
from services.kernel.problems import SessionEnded
from services.tables.clients import program_lives
from services.tables.content import Document, Segment, Upload, UploadCapability, Version
from services.tables.docs import FirmKey, Matter, MatterKey
from services.tables.externals import time_is_over
from services.tables.sessions import Session

LEASE_SECONDS = 6
"""From when the client was last heard. Short, so that it need not wait long after its line died silently, or
the process that served it was killed."""


def session_not_ended() -> ColumnElement[bool]:
    going_on = exists(Session.id).where(
        Session.id == SESSION, Session.member_id == MEMBER, Session.ended_at.is_(None), program_lives(NOW)
    )
    return and_(going_on, ~time_is_over(ORGANIZATION, MEMBER, NOW))


async def check_not_ended(session: AsyncSession, principal: Principal, now: datetime) -> None:
    """Refuse a principal whose session was ended, or whose time here is over (raises SessionEnded)."""
    alive = await session.scalar(
        select(Session.id).where(
            Session.id == principal.session,
            Session.member_id == principal.id,
            Session.ended_at.is_(None),
            program_lives(now),
            ~time_is_over(principal.organization, principal.id, now),
        )
    )
    if alive is None:
        raise SessionEnded


def in_time() -> ColumnElement[bool]:
    """The enclosing statement's upload has not run out, nor has its capability."""
    return and_(Upload.expires_at > NOW, _capability_lives())


def _capability_lives() -> ColumnElement[bool]:
    """One of the enclosing statement's upload that was given in the session."""
    capability = exists(UploadCapability.sha256).where(
        UploadCapability.tenant_id == TENANT,
        UploadCapability.upload_id == Upload.id,
        UploadCapability.session_id == SESSION,
        UploadCapability.expires_at > NOW,
    )
    return capability.correlate(Upload)


_GOES_ON = and_(session_not_ended(), in_time())
TERMS = Terms(still_writable(_GOES_ON), hold(_GOES_ON), check_not_ended, LEASE_SECONDS)


def uploads_with_keys(*conditions: ColumnElement[bool]) -> Any:  # noqa: ANN401 -- SQLAlchemy's Select of two dozen columns
    """Uploads with their document and the keys that open their version."""
    of_version = and_(MatterKey.tenant_id == Version.tenant_id, MatterKey.id == Version.matter_key_id)
    return (
        select(
            *(column for column in Upload.__table__.columns if column.name != "tenant_id"),
            Document.class_id,
            Document.name_sealed,
            Document.folder_sealed,
            Document.media_type,
            Document.state.label("document_state"),
            Document.revision,
            Version.number,
            Version.length_bytes,
            Version.sha256,
            Version.wrapped_data_key,
            Matter.state.label("matter_state"),
            store_of(Upload.tenant_id),
            *KEY_COLUMNS,
        )
        .select_from(Upload)
        .join(Matter, and_(Matter.tenant_id == Upload.tenant_id, Matter.id == Upload.matter_id))
        .join(Document, and_(Document.tenant_id == Upload.tenant_id, Document.id == Upload.document_id))
        .join(Version, and_(Version.tenant_id == Upload.tenant_id, Version.id == Upload.version_id))
        .join(MatterKey, of_version)
        .join(FirmKey, firm_of_matter_key())
        .where(*conditions)
    )


def held(upload_id: UUID, *, lock: bool = False) -> Any:  # noqa: ANN401 -- as above
    """The upload of whoever holds a capability of it, if they are on its matter still."""
    query = uploads_with_keys(
        Upload.tenant_id == TENANT,
        Upload.id == upload_id,
        Upload.kind == "tus",
        Upload.member_id == MEMBER,
        on_matter(),
        _capability_lives(),
    )
    return query.with_for_update(of=Upload) if lock else query


def segments_of(tenant: UUID, version_id: UUID) -> Any:  # noqa: ANN401 -- as above
    return (
        select(*Segment.__table__.columns)
        .where(Segment.tenant_id == tenant, Segment.version_id == version_id)
        .order_by(Segment.ordinal)
    )
