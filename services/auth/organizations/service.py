"""Organizations are made by the operator, who then can do one thing: hand over a first administrator's code.

Both the platform's tree and the organization's own say so, since that code is how anybody gets in at all.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import insert, select

from services.auth.enrolment.queries import (
    Invited,
    add_invitation,
    has_administrator,
    lock_organization,
    read_organization,
)
from services.auth.errors import AdministratorExists
from services.auth.organizations.schemas import (
    FirstAdministrator,
    NewOrganization,
    OrganizationMade,
    OrganizationPage,
    OrganizationView,
)
from services.auth.policy import ADMINISTRATOR_OF
from services.auth.resources import Resources
from services.auth.wire import PageQuery, cursor_of
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.ids import PLATFORM, new_id
from services.kernel.problems import NotFound
from services.kernel.scopes import OrganizationKind
from services.tables.auth import Organization


async def create_organization(act: Act, resources: Resources, body: NewOrganization) -> OrganizationMade:
    """A firm or a provider, and the code for its first administrator."""
    kind, tenant = OrganizationKind(body.kind), new_id(act.now)
    await act.see(PLATFORM, tenant)
    await act.session.execute(
        insert(Organization).values(id=tenant, kind=kind, name=body.name, state="active", created_at=act.now)
    )
    administrator = await _invite(act, resources, tenant, kind)
    draft = Draft("organization.created", subject=Subject("organization", tenant), change={"kind": str(kind)})
    await act.record(draft, tenant)
    await act.record(draft, PLATFORM)
    view = OrganizationView(
        id=tenant, kind=kind, name=body.name, state="active", created_at=act.now, solo_since=None
    )
    return OrganizationMade(organization=view, first_administrator=administrator)


async def list_organizations(act: Act, query: PageQuery) -> OrganizationPage:
    """Every organization, oldest first."""
    wanted = select(Organization).order_by(Organization.id).limit(query.limit + 1)
    if query.after is not None:
        wanted = wanted.where(Organization.id > query.after)
    rows = (await act.session.scalars(wanted)).all()
    await act.record(Draft("organization.listed"), PLATFORM)
    items = [view_of(row) for row in rows[: query.limit]]
    return OrganizationPage(items=items, next=cursor_of(items[-1].id) if len(rows) > query.limit else None)


def view_of(row: Organization) -> OrganizationView:
    return OrganizationView(
        id=row.id,
        kind=OrganizationKind(row.kind),
        name=row.name,
        state="active" if row.state == "active" else "closed",
        created_at=row.created_at,
        solo_since=row.solo_since,
    )


async def invite_first_administrator(act: Act, resources: Resources, tenant: UUID) -> FirstAdministrator:
    """A new code in place of a lost one.

    Raises:
        NotFound: there is no such firm or provider.
        AdministratorExists: it can invite its people itself.
    """
    await act.see(PLATFORM, tenant)
    organization = await read_organization(act.session, tenant)
    if organization is None or tenant == PLATFORM:
        raise NotFound
    kind = OrganizationKind(organization.kind)
    await lock_organization(act.session, tenant)
    administrator = await _invite(act, resources, tenant, kind)
    if await has_administrator(act.session, tenant, kind):
        raise AdministratorExists
    draft = Draft("organization.administrator.invited", subject=Subject("organization", tenant))
    await act.record(draft, tenant)
    await act.record(draft, PLATFORM)
    return administrator


async def _invite(act: Act, resources: Resources, tenant: UUID, kind: OrganizationKind) -> FirstAdministrator:
    expires_at = act.now + timedelta(seconds=resources.settings.invitation_lifetime_seconds)
    roles = frozenset({ADMINISTRATOR_OF[kind]})
    invited = Invited(tenant, "first_administrator", roles, expires_at)
    _, code = await add_invitation(act.session, invited, act.now)
    return FirstAdministrator(code=code.text, expires_at=expires_at)
