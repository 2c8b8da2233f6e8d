"""Who of the firm is on a matter. Being on it is what lets a member see it; leaving is felt at once."""

from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.elements import ColumnElement

from services.docs_api.matters.queries import own_matter
from services.docs_api.paging import cut, decode_id
from services.docs_api.people.errors import SupervisorStays
from services.docs_api.people.queries import has_role
from services.docs_api.people.schemas import MatterPersonPage, MatterPersonView
from services.docs_api.wire import ListQuery
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.problems import NotFound
from services.kernel.scopes import Role
from services.tables.docs import MatterPerson

_STAFF = (Role.ATTORNEY, Role.FIRM_STAFF, Role.CLIENT)


async def add_person(act: Act, matter_id: UUID, member_id: UUID) -> MatterPersonView:
    """Put a member of the firm on a matter that one is on; who is on it already stays as they are.

    Raises:
        NotFound: no such matter for the principal, or no such attorney or staff in the firm.
    """
    await own_matter(act, matter_id)
    if not await has_role(act, act.principal.firm, member_id, _STAFF):
        raise NotFound
    row = {
        "tenant_id": act.principal.firm,
        "matter_id": matter_id,
        "member_id": member_id,
        "added_at": act.now,
        "added_by": act.principal.id,
    }
    person = await act.session.scalar(
        insert(MatterPerson)
        .values(row)
        .on_conflict_do_update(
            index_elements=["tenant_id", "matter_id", "member_id"],
            set_={"added_at": MatterPerson.added_at},  # changes nothing, and returns the row that is there
        )
        .returning(MatterPerson)
    )
    assert person is not None
    await _record(act, "matter.person.added", matter_id, member_id)
    return _view(person)


async def remove_person(act: Act, matter_id: UUID, member_id: UUID) -> None:
    """Take a member off a matter that one is on.

    Raises:
        NotFound: no such matter for the principal, or the member is not on it.
        SupervisorStays: it is the supervising attorney.
    """
    matter = await own_matter(act, matter_id)
    if matter["supervising_attorney_id"] == member_id:
        raise SupervisorStays
    removed = await act.session.scalar(
        delete(MatterPerson).where(*_place(act, matter_id, member_id)).returning(MatterPerson.member_id)
    )
    if removed is None:
        raise NotFound
    await _record(act, "matter.person.removed", matter_id, member_id)


async def list_people(act: Act, matter_id: UUID, query: ListQuery) -> MatterPersonPage:
    """The people on a matter that one is on (raises NotFound when there is none for the principal)."""
    await own_matter(act, matter_id)
    found = await act.session.scalars(
        select(MatterPerson)
        .where(
            MatterPerson.tenant_id == act.principal.firm,
            MatterPerson.matter_id == matter_id,
            MatterPerson.member_id > decode_id(query.cursor),
        )
        .order_by(MatterPerson.member_id)
        .limit(query.limit + 1)
    )
    rows, cursor = cut(found.all(), query.limit, lambda row: row.member_id)
    subject = Subject("matter", matter_id, matter_id)
    await act.record(Draft("matter.people.listed", subject=subject, change={"items": len(rows)}))
    return MatterPersonPage(items=[_view(row) for row in rows], next=cursor)


def _place(act: Act, matter_id: UUID, member_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return (
        MatterPerson.tenant_id == act.principal.firm,
        MatterPerson.matter_id == matter_id,
        MatterPerson.member_id == member_id,
    )


async def _record(act: Act, event: str, matter_id: UUID, member_id: UUID) -> None:
    subject = Subject("matter", matter_id, matter_id)
    await act.record(Draft(event, subject=subject, change={"member": str(member_id)}))


def _view(row: MatterPerson) -> MatterPersonView:
    return MatterPersonView(
        matter_id=row.matter_id, member_id=row.member_id, added_at=row.added_at, added_by=row.added_by
    )
