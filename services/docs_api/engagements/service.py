"""A firm admits a provider, and ends it. Ending is felt at once: every read asks for a live engagement."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select, update

from services.docs_api.conditions import quoted, require_match
from services.docs_api.engagements.errors import EngagementEnded, TermBegun
from services.docs_api.engagements.overlap import require_apart
from services.docs_api.engagements.schemas import EngagementPage, EngagementView, NewEngagement, NewTerm
from services.docs_api.paging import cut, decode_id
from services.docs_api.refusals import invalid
from services.docs_api.wire import ListQuery
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.clock import timestamp
from services.kernel.ids import new_id
from services.kernel.problems import NotFound
from services.kernel.scopes import OrganizationKind
from services.tables.agreements import Engagement
from services.tables.auth import Organization


async def create_engagement(act: Act, new: NewEngagement) -> EngagementView:
    """Admit a provider to the acting firm.

    Raises:
        InvalidInput: there is no such provider, or the term is over before it begins.
        EngagementOverlaps: one of the services is engaged from the provider in that time.
    """
    firm = act.principal.firm
    await _require_parties(act, firm, new.provider_id)
    engagement = Engagement(
        tenant_id=firm,
        id=new_id(act.now),
        provider_id=new.provider_id,
        services=list(new.services),
        starts_at=new.starts_at or act.now,
        ends_at=new.ends_at,
        state="active",
        created_at=act.now,
        created_by=act.principal.id,
        ended_at=None,
        ended_by=None,
        countries=sorted(new.countries),
        consent_required=new.consent_required,
        nda_version=None,
        revision=1,
    )
    if engagement.ends_at is not None and engagement.ends_at <= max(engagement.starts_at, act.now):
        raise invalid("/ends_at", "term")
    await require_apart(act, engagement)
    act.session.add(engagement)
    change: dict[str, object] = {
        "provider": str(engagement.provider_id),
        "services": len(engagement.services),
        "starts_at": timestamp(engagement.starts_at),
        "countries": engagement.countries,
        "consent_required": engagement.consent_required,
    }
    if engagement.ends_at is not None:
        change["ends_at"] = timestamp(engagement.ends_at)
    await act.record(Draft("engagement.created", subject=Subject("engagement", engagement.id), change=change))
    return _view(engagement)


async def list_engagements(act: Act, query: ListQuery) -> EngagementPage:
    """The engagements that one's organization is a party of."""
    party = act.principal.firm
    found = await act.session.scalars(
        select(Engagement)
        .where(
            or_(Engagement.tenant_id == party, Engagement.provider_id == party),
            Engagement.id > decode_id(query.cursor),
        )
        .order_by(Engagement.id)
        .limit(query.limit + 1)
    )
    rows, cursor = cut(found.all(), query.limit, lambda row: row.id)
    await act.record(Draft("engagement.listed", change={"items": len(rows)}))
    return EngagementPage(items=[_view(row) for row in rows], next=cursor)


async def end_engagement(act: Act, engagement_id: UUID) -> EngagementView:
    """End an engagement of the acting firm; all its grants stop working with it.

    Raises:
        NotFound: the firm has no such engagement.
        EngagementEnded: it had ended already.
    """
    mine = (Engagement.tenant_id == act.principal.firm, Engagement.id == engagement_id)
    if await act.session.scalar(select(Engagement.id).where(*mine)) is None:
        raise NotFound
    ended = await act.session.scalar(
        update(Engagement)
        .where(*mine, Engagement.state == "active")
        .values(state="ended", ended_at=act.now, ended_by=act.principal.id)
        .returning(Engagement)
    )
    if ended is None:
        raise EngagementEnded
    change = {"provider": str(ended.provider_id)}
    await act.record(Draft("engagement.ended", subject=Subject("engagement", ended.id), change=change))
    return _view(ended)


async def change_term(act: Act, engagement_id: UUID, if_match: str | None, term: NewTerm) -> EngagementView:
    """Another end, or before it began another beginning, for an engagement of the acting firm.

    Raises:
        NotFound: the firm has no such engagement.
        PreconditionRequired, PreconditionFailed: the sender has not seen it as it is.
        EngagementEnded, TermBegun: too late for that.
        EngagementOverlaps: one of the services is engaged from the provider in that time.
        InvalidInput: the term would be over before it begins, or already.
    """
    engagement = await act.session.scalar(
        select(Engagement)
        .where(Engagement.tenant_id == act.principal.firm, Engagement.id == engagement_id)
        .with_for_update()
    )
    if engagement is None:
        raise NotFound
    require_match(if_match, quoted(engagement.revision))
    if engagement.state != "active":
        raise EngagementEnded
    _set_term(engagement, term, act.now)
    await require_apart(act, engagement)
    change = {"starts_at": timestamp(engagement.starts_at), "revision": engagement.revision}
    if engagement.ends_at is not None:
        change["ends_at"] = timestamp(engagement.ends_at)
    await act.record(Draft("engagement.changed", subject=Subject("engagement", engagement.id), change=change))
    return _view(engagement)


def _set_term(engagement: Engagement, term: NewTerm, now: datetime) -> None:
    if term.starts_at is not None and term.starts_at != engagement.starts_at:
        if engagement.starts_at <= now:
            raise TermBegun
        engagement.starts_at = max(term.starts_at, now)
    if term.ends_at is not None and term.ends_at <= max(engagement.starts_at, now):
        raise invalid("/ends_at", "term")
    engagement.ends_at = term.ends_at
    engagement.revision += 1


async def _require_parties(act: Act, firm: UUID, provider: UUID) -> None:
    """Only a firm engages, and only a provider that is there."""
    await act.see(firm, provider)
    rows = await act.session.execute(
        select(Organization.id, Organization.kind).where(
            Organization.id.in_((firm, provider)), Organization.state == "active"
        )
    )
    kinds = {row.id: row.kind for row in rows}
    await act.see(firm)
    if kinds.get(firm) != OrganizationKind.FIRM or kinds.get(provider) != OrganizationKind.PROVIDER:
        raise invalid("/provider_id", "provider")


def _view(row: Engagement) -> EngagementView:
    return EngagementView(
        id=row.id,
        firm_id=row.tenant_id,
        provider_id=row.provider_id,
        services=row.services,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        state=row.state,
        created_at=row.created_at,
        ended_at=row.ended_at,
        countries=row.countries,
        consent_required=row.consent_required,
        nda_version=row.nda_version,
        etag=quoted(row.revision),
    )
