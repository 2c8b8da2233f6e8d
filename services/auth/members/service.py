"""Reading who is who. Names and addresses are opened here, for one page at a time."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from services.auth.acting import engagements_of, require_engagement
from services.auth.credentials.recovery_codes import count_unused
from services.auth.enrolment.schemas import JoinedOrganization
from services.auth.identity import IdentityKeys
from services.auth.lookups import Place
from services.auth.members.schemas import (
    ColleaguePage,
    ColleagueView,
    FirmPage,
    FirmView,
    Me,
    MemberPage,
    MemberView,
    OwnSession,
)
from services.auth.policy import member_etag
from services.auth.resets.queries import open_reset
from services.auth.resets.schemas import reset_view
from services.auth.resources import Resources
from services.auth.wire import PageQuery, cursor_of
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.problems import SessionEnded
from services.kernel.scopes import OrganizationKind, Role
from services.tables.agreements import Engagement
from services.tables.auth import Member, MemberRole, Organization
from services.tables.sessions import Session


async def read_self(act: Act, resources: Resources) -> Me:
    """The principal, with what the tables say of them."""
    principal, keys = act.principal, resources.keys
    tenant = principal.organization
    wanted = (
        select(Member, Organization, Session)
        .join(Organization, Organization.id == Member.tenant_id)
        .join(Session, (Session.tenant_id == Member.tenant_id) & (Session.member_id == Member.id))
        .where(Member.tenant_id == tenant, Member.id == principal.id, Session.id == principal.session)
    )
    row = (await act.session.execute(wanted)).one_or_none()
    if row is None:
        raise SessionEnded
    member, organization, session = row
    roles = await read_roles(act, tenant, [member.id])
    codes_left = await count_unused(act.session, Place(tenant, member.id))
    reset = await open_reset(act.session, tenant)
    await act.record(Draft("member.self.read", subject=Subject("member", member.id)), tenant)
    return Me(
        id=member.id,
        name=keys.open_name(tenant, member.id, member.name_sealed),
        email=keys.open_email(tenant, member.id, member.email_sealed),
        organization=JoinedOrganization(
            id=tenant, kind=OrganizationKind(organization.kind), name=organization.name
        ),
        roles=roles[member.id],
        acting_for=principal.firm,
        scope=" ".join(sorted(principal.scopes)),
        session=OwnSession(
            id=session.id,
            auth_time=session.auth_time,
            idle_expires_at=session.idle_expires_at,
            expires_at=session.expires_at,
        ),
        recovery_codes_left=codes_left,
        solo_since=organization.solo_since,
        pending_reset=None if reset is None else reset_view(reset),
    )


async def list_members(act: Act, resources: Resources, query: PageQuery) -> MemberPage:
    """The people of one's own organization, oldest first, without those who were removed."""
    tenant = act.principal.organization
    states = ("enrolling", "active", "suspended")
    rows, roles, following = await _page(act, tenant, states, query, people_only=True)
    await act.record(Draft("member.listed", change={"count": len(rows)}), tenant)
    items = [member_view(resources.keys, row, roles[row.id]) for row in rows]
    return MemberPage(items=items, next=following)


def member_view(keys: IdentityKeys, row: Member, roles: Sequence[Role]) -> MemberView:
    """What colleagues see of a member."""
    return MemberView.model_validate(
        {
            "id": row.id,
            "name": keys.open_name(row.tenant_id, row.id, row.name_sealed),
            "email": keys.open_email(row.tenant_id, row.id, row.email_sealed),
            "roles": list(roles),
            "state": row.state,
            "etag": member_etag(row.id, row.state, roles),
        }
    )


async def list_colleagues(act: Act, resources: Resources, provider: UUID, query: PageQuery) -> ColleaguePage:
    """Active staff of a provider that the acting firm has engaged.

    Raises:
        NotFound: it has not; or there is no such provider.
    """
    firm, keys = act.principal.organization, resources.keys
    await act.see(firm, provider)
    await require_engagement(act.session, firm, provider, act.now)
    rows, roles, following = await _page(act, provider, ("active",), query)
    subject = Subject("organization", provider)
    await act.record(Draft("provider.member.listed", subject=subject, change={"count": len(rows)}), firm)
    items = [
        ColleagueView(id=row.id, name=keys.open_name(provider, row.id, row.name_sealed), roles=roles[row.id])
        for row in rows
    ]
    return ColleaguePage(items=items, next=following)


async def list_firms(act: Act, query: PageQuery) -> FirmPage:
    """The firms that one's organization may act for now; none for a firm's own people."""
    provider = act.principal.organization
    wanted = engagements_of(provider, act.now).order_by(Engagement.id).limit(query.limit + 1)
    if query.after is not None:
        wanted = wanted.where(Engagement.id > query.after)
    rows = (await act.session.scalars(wanted)).all()
    page = rows[: query.limit]
    await act.see(provider, *(row.tenant_id for row in page))
    names = await _firm_names(act, [row.tenant_id for row in page])
    await act.record(Draft("firm.listed", change={"count": len(names)}), provider)
    items = [
        FirmView(
            id=row.tenant_id,
            name=names[row.tenant_id],
            engagement_id=row.id,
            services=row.services,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
        )
        for row in page
        if row.tenant_id in names
    ]
    return FirmPage(items=items, next=cursor_of(page[-1].id) if len(rows) > query.limit else None)


async def _firm_names(act: Act, firms: Sequence[UUID]) -> dict[UUID, str]:
    wanted = select(Organization.id, Organization.name).where(
        Organization.id.in_(firms), Organization.state == "active"
    )
    return {row.id: row.name for row in await act.session.execute(wanted)}


async def _page(
    act: Act, tenant: UUID, states: Sequence[str], query: PageQuery, *, people_only: bool = False
) -> tuple[Sequence[Member], dict[UUID, list[Role]], str | None]:
    wanted = select(Member).where(Member.tenant_id == tenant, Member.state.in_(states)).order_by(Member.id)
    if people_only:
        wanted = wanted.where(Member.kind == "person")
    if query.after is not None:
        wanted = wanted.where(Member.id > query.after)
    rows = (await act.session.scalars(wanted.limit(query.limit + 1))).all()
    page = rows[: query.limit]
    roles = await read_roles(act, tenant, [row.id for row in page])
    return page, roles, cursor_of(page[-1].id) if len(rows) > query.limit else None


async def read_roles(act: Act, tenant: UUID, members: Sequence[UUID]) -> dict[UUID, list[Role]]:
    """The roles of these members, in the order of their names."""
    wanted = (
        select(MemberRole.member_id, MemberRole.role)
        .where(MemberRole.tenant_id == tenant, MemberRole.member_id.in_(members))
        .order_by(MemberRole.role)
    )
    found: dict[UUID, list[Role]] = {member: [] for member in members}
    for row in await act.session.execute(wanted):
        found[row.member_id].append(Role(row.role))
    return found
