"""Grants: given by an attorney on the matter to one of the provider's paralegals or teams, and revoked.

A grant is never the last word: every read asks again for a live grant under a live engagement.
"""

from uuid import UUID

from sqlalchemy import select, update

from services.docs_api.access import engagement_not_over, parameters
from services.docs_api.access_requests.service import answer_with_grant
from services.docs_api.classes.service import unknown_classes
from services.docs_api.engagements.errors import EngagementEnded
from services.docs_api.grants.errors import GrantRevoked
from services.docs_api.grants.overlap import remaining_beside, require_use
from services.docs_api.grants.own import pending_conditions
from services.docs_api.grants.policy import oversees_grants
from services.docs_api.grants.schemas import GrantPage, GrantView, NewGrant, RevokedGrantView
from services.docs_api.keychain import Names
from services.docs_api.keys import matter_names
from services.docs_api.matters.errors import MatterClosed
from services.docs_api.matters.queries import firm_matter, own_matter
from services.docs_api.paging import cut, decode_id
from services.docs_api.people.queries import has_role, is_team
from services.docs_api.refusals import invalid
from services.docs_api.wire import ListQuery
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.clock import timestamp
from services.kernel.ids import new_id
from services.kernel.problems import NotFound
from services.kernel.scopes import Role
from services.tables.agreements import Engagement, Grant

_PURPOSE = "grants.purpose_sealed"


async def create_grant(act: Act, matter_id: UUID, new: NewGrant) -> GrantView:
    """Grant a paralegal, or whoever is in a team, classes of documents in a matter that one is on.

    Raises:
        NotFound: no such matter for the principal.
        MatterClosed, EngagementEnded: it could not be used.
        GrantRedundant: it would open nothing that another does not.
        InvalidInput: no such engagement, class, paralegal, team or request, or the end has passed.
        RequestDecided: the request that it answers is not open any more.
    """
    matter = await own_matter(act, matter_id)
    if matter["state"] != "open":
        raise MatterClosed
    names = matter_names(act, matter)
    provider = await _provider(act, new)
    await _require_fit(act, new, provider)
    await require_use(act, matter_id, new)
    grant_id = new_id(act.now)
    grant = Grant(
        tenant_id=act.principal.firm,
        id=grant_id,
        matter_id=matter_id,
        engagement_id=new.engagement_id,
        provider_id=provider,
        member_id=new.member_id,
        team_id=new.team_id,
        classes=sorted(new.classes),
        permissions=list(new.permissions),
        starts_at=new.starts_at or act.now,
        ends_at=new.ends_at,
        purpose_sealed=names.seal(_PURPOSE, grant_id, new.purpose),
        created_at=act.now,
        created_by=act.principal.id,
        revoked_at=None,
        revoked_by=None,
    )
    act.session.add(grant)
    terms = _terms(grant)
    if new.request_id is not None and new.member_id is not None:
        await act.session.flush()
        await answer_with_grant(act, new.request_id, matter_id, new.member_id, grant_id)
        terms["request"] = str(new.request_id)
    await act.record(Draft("grant.given", subject=_subject(grant), change=terms))
    waiting = await pending_conditions(act, [grant_id])
    return _view(grant, names, waiting[grant_id])


async def list_grants(act: Act, matter_id: UUID, query: ListQuery) -> GrantPage:
    """All grants of a matter, live or not, for those on it and for compliance officers of the firm.

    Raises:
        NotFound: no such matter for the principal.
    """
    find = firm_matter if oversees_grants(act.principal) else own_matter
    names = matter_names(act, await find(act, matter_id))
    found = await act.session.scalars(
        select(Grant)
        .where(
            Grant.tenant_id == act.principal.firm,
            Grant.matter_id == matter_id,
            Grant.id > decode_id(query.cursor),
        )
        .order_by(Grant.id)
        .limit(query.limit + 1)
    )
    rows, cursor = cut(found.all(), query.limit, lambda row: row.id)
    subject = Subject("matter", matter_id, matter_id)
    await act.record(Draft("grant.listed", subject=subject, change={"items": len(rows)}))
    waiting = await pending_conditions(act, [row.id for row in rows])
    return GrantPage(items=[_view(row, names, waiting[row.id]) for row in rows], next=cursor)


async def revoke_grant(act: Act, grant_id: UUID) -> RevokedGrantView:
    """Revoke a grant of a matter that one is on.

    Raises:
        NotFound: no such grant for the principal.
        GrantRevoked: it was revoked already.
    """
    mine = (Grant.tenant_id == act.principal.firm, Grant.id == grant_id)
    matter_id = await act.session.scalar(select(Grant.matter_id).where(*mine))
    if matter_id is None:
        raise NotFound
    names = matter_names(act, await own_matter(act, matter_id))
    grant = await act.session.scalar(
        update(Grant)
        .where(*mine, Grant.revoked_at.is_(None))
        .values(revoked_at=act.now, revoked_by=act.principal.id)
        .returning(Grant)
    )
    if grant is None:
        raise GrantRevoked
    change: dict[str, object] = _holder(grant)
    await act.record(Draft("grant.revoked", subject=_subject(grant), change=change))
    view = _view(grant, names, [])
    return RevokedGrantView(**dict(view), remaining=await remaining_beside(act, grant))


async def _provider(act: Act, new: NewGrant) -> UUID:
    """The provider of the engagement, which may not have begun but must not be over."""
    values = parameters(act.principal, act.now)
    mine = (Engagement.tenant_id == act.principal.firm, Engagement.id == new.engagement_id)
    row = (
        await act.session.execute(
            # Locked, so that of two grants at once the later one sees the earlier.
            select(Engagement.provider_id, engagement_not_over().label("lives"))
            .where(*mine)
            .with_for_update(key_share=True),
            values,
        )
    ).one_or_none()
    if row is None:
        raise invalid("/engagement_id", "engagement")
    if not row.lives:
        raise EngagementEnded
    provider: UUID = row.provider_id
    return provider


async def _require_fit(act: Act, new: NewGrant, provider: UUID) -> None:
    if new.ends_at <= max(new.starts_at or act.now, act.now):
        raise invalid("/ends_at", "term")
    if await unknown_classes(act, new.classes):
        raise invalid("/classes", "class")
    firm = act.principal.firm
    await act.see(firm, provider)
    if new.member_id is not None:
        fit, what = await has_role(act, provider, new.member_id, {Role.PARALEGAL, Role.CLIENT}), "member"
    else:
        fit, what = await is_team(act, provider, new.team_id), "team"
    await act.see(firm)
    if not fit:
        raise invalid(f"/{what}_id", what)


def _subject(grant: Grant) -> Subject:
    return Subject("grant", grant.id, grant.matter_id)


def _holder(grant: Grant) -> dict[str, object]:
    return {"member": str(grant.member_id)} if grant.team_id is None else {"team": str(grant.team_id)}


def _terms(grant: Grant) -> dict[str, object]:
    return {
        **_holder(grant),
        "provider": str(grant.provider_id),
        "engagement": str(grant.engagement_id),
        "classes": grant.classes,
        "permissions": grant.permissions,
        "starts_at": timestamp(grant.starts_at),
        "ends_at": timestamp(grant.ends_at),
    }


def _view(row: Grant, names: Names, conditions: list[str]) -> GrantView:
    return GrantView(
        id=row.id,
        matter_id=row.matter_id,
        engagement_id=row.engagement_id,
        provider_id=row.provider_id,
        member_id=row.member_id,
        team_id=row.team_id,
        classes=row.classes,
        permissions=row.permissions,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        purpose=names.open(_PURPOSE, row.id, row.purpose_sealed),
        created_at=row.created_at,
        created_by=row.created_by,
        revoked_at=row.revoked_at,
        conditions=conditions,
    )
