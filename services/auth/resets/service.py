"""Letting the only administrator in anew: an operator asks, another releases; or the first, after 72 hours.

While it is pending every member of the organization sees it, and any administrator's session may cancel it.
Nobody chooses a secret for anybody: what is released is a code with which that member alone enrols anew.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select, update

from services.auth.enrolment.queries import (
    RESET,
    Invited,
    add_invitation,
    administrators,
    lock_organization,
    read_organization,
)
from services.auth.errors import NotTheOnlyAdministrator, ResetPending, SecondPersonNeeded
from services.auth.resets.queries import close_resets, open_reset
from services.auth.resets.schemas import ResetReleased, ResetView, reset_view
from services.auth.resources import Resources
from services.evidence.act import Act, check_session
from services.evidence.event import Draft, Subject
from services.kernel.clock import timestamp
from services.kernel.ids import PLATFORM, new_id
from services.kernel.problems import NotFound
from services.kernel.scopes import OrganizationKind
from services.tables.auth import FactorReset, Invitation, Member

DELAY: Final = timedelta(hours=72)


async def request(act: Act, tenant: UUID) -> ResetView:
    """Ask that the organization's only administrator may enrol anew.

    Raises:
        NotFound: there is no such firm or provider.
        NotTheOnlyAdministrator: it has none, or several.
        ResetPending: somebody asked already.
    """
    member = await _only_administrator(act, tenant)
    existing = await open_reset(act.session, tenant)
    if existing is not None and existing.state == "pending":
        raise ResetPending
    await close_resets(act.session, tenant, "cancelled", act.now)  # one whose code was not used
    reset = FactorReset(
        tenant_id=tenant,
        id=new_id(act.now),
        member_id=member,
        state="pending",
        requested_by=act.principal.id,
        requested_at=act.now,
        available_at=act.now + DELAY,
    )
    act.session.add(reset)
    change: dict[str, object] = {"member": str(member), "available_at": timestamp(reset.available_at)}
    await _record(act, "organization.factor_reset.requested", reset, change)
    return reset_view(reset)


async def release(act: Act, resources: Resources, tenant: UUID) -> ResetReleased:
    """Make the code with which the administrator enrols anew. Of many at the same time, one does.

    Raises:
        NotFound: there is no such organization, or nothing is pending there.
        SecondPersonNeeded: the principal asked for it themselves, and the delay has not passed.
        NotTheOnlyAdministrator: somebody else administers the organization by now.
    """
    member = await _only_administrator(act, tenant)
    reset = await open_reset(act.session, tenant)
    if reset is None or reset.state != "pending":
        raise NotFound
    second = reset.requested_by != act.principal.id
    if not second and act.now < reset.available_at:
        raise SecondPersonNeeded(None, available_at=timestamp(reset.available_at))
    if member != reset.member_id:
        raise NotTheOnlyAdministrator
    expires_at = act.now + timedelta(seconds=resources.settings.invitation_lifetime_seconds)
    wanted = select(Member.email_index).where(Member.tenant_id == tenant, Member.id == member)
    index = (await act.session.scalars(wanted)).one()
    invited = Invited(tenant, RESET, frozenset(), expires_at, index)
    invitation, code = await add_invitation(act.session, invited, act.now)
    await act.session.execute(
        update(Invitation)
        .where(Invitation.tenant_id == tenant, Invitation.id == invitation)
        .values(redeemed_by=member)
    )
    reset.state, reset.invitation_id = "released", invitation
    reset.released_by, reset.released_at = act.principal.id, act.now
    change: dict[str, object] = {"member": str(member), "second_person": second}
    await _record(act, "organization.factor_reset.released", reset, change)
    return ResetReleased(reset=reset_view(reset), code=code.text, expires_at=expires_at)


async def cancel(act: Act) -> ResetView:
    """Stop a reset of one's own organization, released or not; its code is void.

    Raises:
        NotFound: there is none to stop.
    """
    tenant = act.principal.organization
    await lock_organization(act.session, tenant)
    await check_session(act.session, act.principal, act.now)
    closed = await close_resets(act.session, tenant, "cancelled", act.now)
    if not closed:
        raise NotFound
    await act.see(tenant, PLATFORM)
    newest = max(closed, key=lambda reset: reset.id)
    await _record(act, "organization.factor_reset.cancelled", newest, {"member": str(newest.member_id)})
    return reset_view(newest)


async def _only_administrator(act: Act, tenant: UUID) -> UUID:
    await act.see(PLATFORM, tenant)
    await lock_organization(act.session, tenant)
    await check_session(act.session, act.principal, act.now)
    organization = await read_organization(act.session, tenant)
    if organization is None or tenant == PLATFORM:
        raise NotFound
    there = await administrators(act.session, tenant, OrganizationKind(organization.kind))
    if len(there) != 1:
        raise NotTheOnlyAdministrator
    return next(iter(there))


async def _record(act: Act, event: str, reset: FactorReset, change: dict[str, object]) -> None:
    """In the platform's tree and in the organization's own: what the operator does there is no secret."""
    draft = Draft(event, subject=Subject("factor_reset", reset.id), change=change)
    for tree in sorted({reset.tenant_id, PLATFORM} - {act.principal.organization}):
        await act.record(draft, tree)
    await act.record(draft, act.principal.organization)
