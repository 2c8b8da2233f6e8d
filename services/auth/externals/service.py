"""Agreeing anew with somebody external, and seeing who of them needs attention."""

from typing import Any
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from services.auth.enrolment.queries import lock_organization, read_organization
from services.auth.errors import MemberStateConflict, TermsRefused
from services.auth.externals.schemas import ExternalMemberPage, ExternalMemberView, ExternalTerms
from services.auth.externals.terms import Terms, last_day, settle_terms, shorten_sessions
from services.auth.identity import IdentityKeys
from services.auth.locks import lock_member
from services.auth.lookups import Place
from services.auth.members.service import read_roles
from services.auth.resources import Resources
from services.auth.wire import PageQuery, cursor_of
from services.evidence.act import Act, check_session
from services.evidence.event import Draft, Subject
from services.kernel.problems import NotFound
from services.kernel.scopes import OrganizationKind
from services.tables.auth import Member
from services.tables.externals import ExternalMember

_HERE = ("active", "suspended")


async def agree(act: Act, member_id: UUID, asked: ExternalTerms) -> ExternalTerms:
    """Somebody is external from now on, or on other terms than before.

    Raises:
        NotFound: there is no such colleague.
        MemberStateConflict: they have not joined yet, or were removed.
        TermsRefused, RolesRefused: it cannot be; see `settle_terms`.
    """
    member = Place(act.principal.organization, member_id)
    await lock_organization(act.session, member.tenant)
    await check_session(act.session, act.principal, act.now)
    organization = await read_organization(act.session, member.tenant)
    locked = await lock_member(act.session, member, exclusive=True)
    if organization is None or locked is None or locked.kind != "person":
        raise NotFound
    if locked.state not in _HERE:
        raise MemberStateConflict(f"The member is {locked.state}.")
    if asked.sponsor_id == member_id:
        raise TermsRefused("Nobody answers for themselves.")
    roles = frozenset((await read_roles(act, member.tenant, [member_id]))[member_id])
    terms = await settle_terms(act, asked, OrganizationKind(organization.kind), roles)
    await keep_terms(act, member, terms, act.principal.id)
    await shorten_sessions(act.session, member, terms.ends_at)
    draft = Draft("member.external.changed", subject=Subject("member", member_id), change=terms.told())
    await act.record(draft, member.tenant)
    return asked


async def keep_terms(act: Act, member: Place, terms: Terms, by: UUID | None) -> None:
    """Write down what was agreed, in place of what was before."""
    values = {
        "sponsor_id": terms.sponsor,
        "ends_at": terms.ends_at,
        "changed_at": act.now,
        "changed_by": by,
    }
    await act.session.execute(
        insert(ExternalMember)
        .values(tenant_id=member.tenant, member_id=member.id, **values)
        .on_conflict_do_update(index_elements=["tenant_id", "member_id"], set_=values)
    )


async def tell_of_sponsored(act: Act, sponsor: Place) -> None:
    """Somebody does not answer for anybody any more: one event for each person they answered for."""
    found = await act.session.scalars(
        select(ExternalMember.member_id)
        .join(Member, and_(Member.tenant_id == sponsor.tenant, Member.id == ExternalMember.member_id))
        .where(
            ExternalMember.tenant_id == sponsor.tenant,
            ExternalMember.sponsor_id == sponsor.id,
            ExternalMember.ends_at > act.now,
            Member.state.in_(_HERE),
        )
        .order_by(ExternalMember.member_id)
    )
    change: dict[str, object] = {"sponsor": str(sponsor.id)}
    for member in found.all():
        draft = Draft("member.sponsor.left", subject=Subject("member", member), change=change)
        await act.record(draft, sponsor.tenant)


async def list_external(act: Act, resources: Resources, query: PageQuery) -> ExternalMemberPage:
    """The external people of one's own organization, oldest first, without those who were removed."""
    tenant, sponsor = act.principal.organization, aliased(Member)
    columns: tuple[Any, ...] = (Member, ExternalMember, sponsor.state.label("sponsor_state"))
    wanted = (
        select(*columns)
        .join(ExternalMember, and_(ExternalMember.tenant_id == tenant, ExternalMember.member_id == Member.id))
        .join(sponsor, and_(sponsor.tenant_id == tenant, sponsor.id == ExternalMember.sponsor_id))
        .where(Member.tenant_id == tenant, Member.state.in_(_HERE))
        .order_by(Member.id)
    )
    if query.after is not None:
        wanted = wanted.where(Member.id > query.after)
    rows = (await act.session.execute(wanted.limit(query.limit + 1))).all()
    page = rows[: query.limit]
    await act.record(Draft("member.external.listed", change={"count": len(page)}), tenant)
    items = [_view(act, resources.keys, *row) for row in page]
    following = cursor_of(page[-1][0].id) if len(rows) > query.limit else None
    return ExternalMemberPage(items=items, next=following)


def _view(
    act: Act, keys: IdentityKeys, row: Member, terms: ExternalMember, sponsor_state: str
) -> ExternalMemberView:
    return ExternalMemberView.model_validate(
        {
            "id": row.id,
            "name": keys.open_name(row.tenant_id, row.id, row.name_sealed),
            "state": row.state,
            "sponsor_id": terms.sponsor_id,
            "sponsor_active": sponsor_state == "active",
            "ends_on": last_day(terms.ends_at),
            "ended": terms.ends_at <= act.now,
        }
    )
