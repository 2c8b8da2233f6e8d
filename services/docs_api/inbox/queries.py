"""What waits, one statement for each kind: an id, the matter, and a time. Each is of one firm alone."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, func, literal, not_, null, or_, select

from services.docs_api.access import CONDITIONS, CONDITIONS_OF_GRANT, MEMBER, TENANT, holds_grant, on_matter
from services.tables.agreements import AccessRequest, Engagement, Grant
from services.tables.content import Document, Version
from services.tables.docs import Matter

SOON = timedelta(days=7)
LATELY = timedelta(days=30)


def of_holder(now: datetime) -> dict[str, Select[Any]]:
    """For a provider's person: of grants that they hold, in person or in a team."""
    held = (Matter.tenant_id == TENANT, *holds_grant())
    unsigned = and_(CONDITIONS["engagement-ended"], not_(CONDITIONS["nda-unsigned"]))
    grants = select(Grant.id.label("about"), Grant.matter_id.label("matter_id"))
    return {
        "nda-to-sign": select(
            Engagement.id.label("about"), null().label("matter_id"), func.min(Grant.starts_at).label("at")
        )
        .where(*held, unsigned)
        .group_by(Engagement.id),
        "grant-new": grants.add_columns(Grant.starts_at.label("at")).where(
            *held, Grant.starts_at > now - SOON
        ),
        "grant-ending": grants.add_columns(Grant.ends_at.label("at")).where(
            *held, Grant.ends_at <= now + SOON
        ),
    }


def of_member(now: datetime, *, decides: bool) -> dict[str, Select[Any]]:
    """For a member of the firm: of the matters that they are on. `decides`: they may give grants."""
    mine = (Matter.tenant_id == TENANT, Matter.state == "open", on_matter())
    grants = select(Grant.id.label("about"), Grant.matter_id.label("matter_id")).where(
        *mine,
        Grant.tenant_id == TENANT,
        Grant.matter_id == Matter.id,
        Grant.revoked_at.is_(None),
        Grant.ends_at > now,
    )
    asked = select(
        AccessRequest.id.label("about"),
        AccessRequest.matter_id.label("matter_id"),
        AccessRequest.created_at.label("at"),
    ).where(
        *mine,
        literal(decides),
        AccessRequest.tenant_id == TENANT,
        AccessRequest.matter_id == Matter.id,
        AccessRequest.state == "open",
        AccessRequest.lapses_at > now,
    )
    waiting = and_(
        Engagement.tenant_id == TENANT,
        Engagement.id == Grant.engagement_id,
        CONDITIONS_OF_GRANT["engagement-ended"],
        not_(CONDITIONS_OF_GRANT["consent-missing"]),
    )
    return {
        "access-request": asked,
        "grant-ending": grants.add_columns(Grant.ends_at.label("at")).where(
            literal(decides), Grant.created_by == MEMBER, Grant.ends_at <= now + SOON
        ),
        "consent-missing": grants.where(waiting)
        .with_only_columns(
            Matter.id.label("about"), Matter.id.label("matter_id"), func.min(Grant.starts_at).label("at")
        )
        .group_by(Matter.id),
        "content-refused": _refused(now).where(*mine),
    }


def _refused(now: datetime) -> Select[Any]:
    """What the principal put, and a scan or a digest stood against."""
    columns: tuple[Any, ...] = (
        Version.id.label("about"),
        Document.matter_id.label("matter_id"),
        Version.created_at.label("at"),
    )
    return select(*columns).where(
        Document.tenant_id == TENANT,
        Document.matter_id == Matter.id,
        Version.tenant_id == TENANT,
        Version.document_id == Document.id,
        Version.number > func.coalesce(Document.latest_number, 0),  # nothing newer stands in its place
        Version.created_by == MEMBER,
        or_(Version.state == "quarantined", Version.state == "rejected"),
        Version.created_at > now - LATELY,
    )
