"""Where a provider's people work, as the provider declares it. Firms may admit people by country."""

from uuid import UUID

from sqlalchemy import update

from services.auth.members.schemas import MemberCountry
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.problems import NotFound
from services.tables.auth import Member


async def declare_country(act: Act, member_id: UUID, declared: MemberCountry) -> MemberCountry:
    """Say in which country a member of one's own organization works, or that it is not known.

    Raises:
        NotFound: the organization has no such member.
    """
    tenant = act.principal.organization
    found = await act.session.scalar(
        update(Member)
        .where(
            Member.tenant_id == tenant,
            Member.id == member_id,
            Member.kind == "person",
            Member.state != "removed",
        )
        .values(country=declared.country)
        .returning(Member.id)
    )
    if found is None:
        raise NotFound
    # Where somebody works is personal, so the event says only that it was declared.
    change: dict[str, object] = {"declared": declared.country is not None}
    await act.record(
        Draft("member.country.declared", subject=Subject("member", member_id), change=change), tenant
    )
    return declared
