"""Access is a query: the conditions under which somebody may see a row, as SQL that every read is made of.

There is no "load, then check". A member of the firm sees the matters they are on; a provider's person who
acts for the firm sees what a live grant lets them. Everything else does not exist for them.

    held grant: given to the member, or to a team that they are in now (`held_by`); not revoked, begun, not
    ended, permission `read`; they are an active member; its engagement is with their own organization; the
    matter is open; and, for a document, its class is named.
    live grant: held, and every one of `CONDITIONS` is met, by the member in person. Whoever holds a grant
    that is not live is told which condition failed (`unmet`); everybody else, nothing.

All conditions speak of the enclosing query's `matters` row and take their values from `parameters`.
"""

from datetime import datetime
from types import MappingProxyType
from typing import Final
from uuid import UUID

from sqlalchemy import (
    DateTime,
    ScalarSelect,
    String,
    Uuid,
    and_,
    any_,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.elements import ColumnElement

from services.kernel.principal import Principal
from services.tables.agreements import Consent, Engagement, Grant, NdaSignature, held_by
from services.tables.auth import Member
from services.tables.content import Document
from services.tables.docs import DocumentClass, Matter, MatterPerson
from services.tables.sessions import Session, is_believed

_Person = ColumnElement[UUID] | InstrumentedAttribute[UUID | None]
TENANT = bindparam("tenant", type_=Uuid())
MEMBER = bindparam("member", type_=Uuid())
ORGANIZATION = bindparam("organization", type_=Uuid())
SESSION = bindparam("session", type_=Uuid())
TOKEN_KEY = bindparam("token_key", type_=String())
NOW = bindparam("now", type_=DateTime(timezone=True))


def parameters(principal: Principal, now: datetime) -> dict[str, object]:
    """The values that the conditions ask for."""
    return {
        "tenant": principal.firm,
        "member": principal.id,
        "organization": principal.organization,
        "session": principal.session,
        "token_key": principal.key,
        "now": now,
    }


def on_matter() -> ColumnElement[bool]:
    """The member is on the matter."""
    return exists().where(
        MatterPerson.tenant_id == TENANT,
        MatterPerson.matter_id == Matter.id,
        MatterPerson.member_id == MEMBER,
    )


def may_see_matter(*, acting_for_another: bool) -> ColumnElement[bool]:
    return _live_grant() if acting_for_another else on_matter()


def may_read_document(*, acting_for_another: bool) -> ColumnElement[bool]:
    """Of the enclosing query's `documents` row, with its `matters` row beside it."""
    return _live_grant(Document.class_id == any_(Grant.classes)) if acting_for_another else on_matter()


def is_granted_class() -> ColumnElement[bool]:
    """A live grant names the enclosing query's `document_classes` row, in whatever matter."""
    granted = _live_grant_conditions(DocumentClass.id == any_(Grant.classes))
    return exists().where(Matter.tenant_id == TENANT, *granted).correlate(DocumentClass)


def may_write() -> ColumnElement[bool]:
    """The member may put documents into the matter."""
    return and_(on_matter(), Matter.state == "open")


def session_lives() -> ColumnElement[bool]:
    # The column is named because the vault's role may read some columns of sessions only, not `*`.
    return exists(Session.id).where(
        Session.id == SESSION,
        Session.member_id == MEMBER,
        Session.ended_at.is_(None),
        Session.idle_expires_at > NOW,
        Session.expires_at > NOW,
        key_believed(),
    )


def key_believed() -> ColumnElement[bool]:
    """What the token was signed with is not retired; or there is no token."""
    return or_(TOKEN_KEY.is_(None), is_believed(TOKEN_KEY, NOW))


def grant_of_document() -> ScalarSelect[UUID]:
    """Which live grant opens the enclosing query's `documents` row: the oldest of them."""
    opening = _live_grant_conditions(Document.class_id == any_(Grant.classes))
    return (
        select(Grant.id)
        .where(*opening)
        .order_by(Grant.id)
        .limit(1)
        .correlate(Matter, Document)
        .scalar_subquery()
    )


def _live_grant(*more: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(*_live_grant_conditions(*more)).correlate(Matter, Document)


def _live_grant_conditions(*more: ColumnElement[bool]) -> tuple[ColumnElement[bool], ...]:
    return (*holds_grant(*more), *CONDITIONS.values())


def holds_grant(*more: ColumnElement[bool]) -> tuple[ColumnElement[bool], ...]:
    """Everything that a grant itself says: whoever fails here is told nothing."""
    return (
        Grant.tenant_id == TENANT,
        Grant.matter_id == Matter.id,
        held_by(ORGANIZATION, MEMBER),
        Grant.revoked_at.is_(None),
        _member_lives(),
        Grant.starts_at <= NOW,
        Grant.ends_at > NOW,
        literal("read") == any_(Grant.permissions),
        Engagement.tenant_id == TENANT,
        Engagement.id == Grant.engagement_id,
        Engagement.provider_id == ORGANIZATION,
        Matter.state == "open",
        *more,
    )


def _member_lives() -> ColumnElement[bool]:
    """Whoever asks is an active member of the provider: neither suspended nor removed."""
    return exists(Member.id).where(
        Member.tenant_id == ORGANIZATION, Member.id == MEMBER, Member.state == "active"
    )


def _consent_given() -> ColumnElement[bool]:
    given = exists(Consent.id).where(
        Consent.tenant_id == Grant.tenant_id,
        Consent.matter_id == Grant.matter_id,
        Consent.withdrawn_at.is_(None),
    )
    return or_(Engagement.consent_required.is_(False), given.correlate_except(Consent))


def _country_allowed(person: _Person) -> ColumnElement[bool]:
    # The column is named because the vault's role may read some columns of members only, not `*`.
    within = exists(Member.id).where(
        Member.tenant_id == Grant.provider_id,
        Member.id == person,
        Member.country == any_(Engagement.countries),
    )
    return or_(func.cardinality(Engagement.countries) == 0, within.correlate_except(Member))


def _nda_signed(person: _Person) -> ColumnElement[bool]:
    signed = exists(NdaSignature.member_id).where(
        NdaSignature.tenant_id == Grant.tenant_id,
        NdaSignature.engagement_id == Engagement.id,
        NdaSignature.version == Engagement.nda_version,
        NdaSignature.member_id == person,
    )
    return or_(Engagement.nda_version.is_(None), signed.correlate_except(NdaSignature))


def engagement_not_over() -> ColumnElement[bool]:
    """The engagement was not ended, and its term has not run out."""
    return and_(Engagement.state == "active", or_(Engagement.ends_at.is_(None), Engagement.ends_at > NOW))


_OF_ALL: Final = {
    "engagement-ended": engagement_not_over(),
    "engagement-not-begun": Engagement.starts_at <= NOW,
    "consent-missing": _consent_given(),
}
CONDITIONS: Final = MappingProxyType(
    _OF_ALL | {"country-not-allowed": _country_allowed(MEMBER), "nda-unsigned": _nda_signed(MEMBER)}
)
"""What must hold for a grant to open anything, by the name of what its holder is told when it does not.

They speak of the enclosing query's `grants` and `engagements` rows, and are told in this order.
"""

CONDITIONS_OF_GRANT: Final = MappingProxyType(
    _OF_ALL
    | {
        "country-not-allowed": or_(Grant.team_id.is_not(None), _country_allowed(Grant.member_id)),
        "nda-unsigned": or_(Grant.team_id.is_not(None), _nda_signed(Grant.member_id)),
    }
)
"""The same as the firm sees them of a grant. What each person in a team must meet is not the grant's."""
