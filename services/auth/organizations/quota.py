"""How much content a firm may hold, where the operator says other than the default. The vault keeps to it."""

from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from services.auth.enrolment.queries import read_organization
from services.auth.organizations.schemas import NewQuota, QuotaView
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.ids import PLATFORM
from services.kernel.problems import NotFound
from services.kernel.scopes import OrganizationKind
from services.tables.quotas import FirmQuota


async def set_quota(act: Act, tenant: UUID, body: NewQuota) -> QuotaView:
    """Set or take back a firm's figure. What the firm holds already stays, also if it is more.

    Raises:
        NotFound: there is no such firm.
    """
    await act.see(PLATFORM, tenant)
    organization = await read_organization(act.session, tenant)
    if organization is None or organization.kind != OrganizationKind.FIRM:
        raise NotFound
    if body.quota_bytes is None:
        await act.session.execute(delete(FirmQuota).where(FirmQuota.tenant_id == tenant))
    else:
        told = {"quota_bytes": body.quota_bytes, "set_at": act.now, "set_by": act.principal.id}
        statement = insert(FirmQuota).values(told | {"tenant_id": tenant})
        await act.session.execute(statement.on_conflict_do_update(index_elements=["tenant_id"], set_=told))
    draft = Draft(
        "organization.quota.set",
        subject=Subject("organization", tenant),
        change={"quota_bytes": body.quota_bytes or "default"},
    )
    await act.record(draft, tenant)
    await act.record(draft, PLATFORM)
    return QuotaView(organization_id=tenant, quota_bytes=body.quota_bytes)
