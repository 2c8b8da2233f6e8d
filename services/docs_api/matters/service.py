"""Matters: opened by an attorney, seen by those on them and by holders of grants.

The number is sealed under the firm's names key, because its index must be unique in the firm; title and
client under the matter's own, so that they end with it.
"""

from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from services.docs_api.keychain import WrappedMatterKey
from services.docs_api.keys import current_firm_key, matter_key_of
from services.docs_api.matters.errors import MatterNumberTaken
from services.docs_api.matters.queries import MatterRow, visible_matter, visible_matters
from services.docs_api.matters.schemas import MatterPage, MatterView, NewMatter
from services.docs_api.paging import cut, decode_id
from services.docs_api.people.queries import has_role
from services.docs_api.refusals import invalid
from services.docs_api.vault import vault_of
from services.docs_api.wire import ListQuery
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.ids import new_id
from services.kernel.scopes import Role
from services.tables.docs import Matter, MatterKey, MatterPerson

NUMBER_INDEX = "matter.number"


async def create_matter(act: Act, new: NewMatter) -> MatterView:
    """Open a matter. Whoever opens it and the supervising attorney are on it.

    Raises:
        InvalidInput: the supervising attorney is no active attorney of the firm.
        MatterNumberTaken: the number is in use.
    """
    firm = act.principal.firm
    if not await has_role(act, firm, new.supervising_attorney_id, {Role.ATTORNEY}):
        raise invalid("/supervising_attorney_id", "member")
    matter_id = new_id(act.now)
    keychain = vault_of(act.request).keychain
    key = keychain.new_matter_key(await current_firm_key(act), new_id(act.now))
    row = _row(act, new, matter_id, key)
    made = await act.session.scalar(insert(Matter).values(row).on_conflict_do_nothing().returning(Matter.id))
    if made is None:
        raise MatterNumberTaken
    await _add_key_and_people(act, matter_id, key, new.supervising_attorney_id)
    change = {"supervising_attorney": str(new.supervising_attorney_id), "sensitivity": new.sensitivity}
    await act.record(Draft("matter.created", subject=Subject("matter", matter_id, matter_id), change=change))
    return MatterView(
        id=matter_id,
        number=new.number,
        title=new.title,
        client=new.client,
        practice_area=new.practice_area,
        sensitivity=new.sensitivity,
        supervising_attorney_id=new.supervising_attorney_id,
        state="open",
        created_at=act.now,
        created_by=act.principal.id,
    )


async def list_matters(act: Act, query: ListQuery) -> MatterPage:
    found = await visible_matters(act, decode_id(query.cursor), query.limit + 1)
    rows, cursor = cut(found, query.limit, lambda row: row["id"])
    await act.record(Draft("matter.listed", change={"items": len(rows)}))
    return MatterPage(items=[_view(act, row) for row in rows], next=cursor)


async def get_matter(act: Act, matter_id: UUID) -> MatterView:
    """One matter (raises NotFound when there is none for the principal)."""
    row = await visible_matter(act, matter_id)
    await act.record(Draft("matter.read", subject=Subject("matter", matter_id, matter_id)))
    return _view(act, row)


def _row(act: Act, new: NewMatter, matter_id: UUID, key: WrappedMatterKey) -> dict[str, Any]:
    keychain = vault_of(act.request).keychain
    firm_names, names = keychain.firm_names(key.firm), keychain.matter_names(key)
    return {
        "tenant_id": act.principal.firm,
        "id": matter_id,
        "number_sealed": firm_names.seal("matters.number_sealed", matter_id, new.number),
        "number_index": firm_names.index(NUMBER_INDEX, new.number),
        "title_sealed": names.seal("matters.title_sealed", matter_id, new.title),
        "client_sealed": names.seal("matters.client_sealed", matter_id, new.client),
        "practice_area": new.practice_area,
        "sensitivity": new.sensitivity,
        "supervising_attorney_id": new.supervising_attorney_id,
        "state": "open",
        "created_at": act.now,
        "created_by": act.principal.id,
    }


async def _add_key_and_people(act: Act, matter_id: UUID, key: WrappedMatterKey, supervisor: UUID) -> None:
    act.session.add(
        MatterKey(
            tenant_id=act.principal.firm,
            id=key.id,
            matter_id=matter_id,
            firm_key_id=key.firm.id,
            wrapped=key.wrapped,
            names_wrapped=key.names_wrapped,
            created_at=act.now,
            retired_at=None,
        )
    )
    act.session.add_all(
        MatterPerson(
            tenant_id=act.principal.firm,
            matter_id=matter_id,
            member_id=member,
            added_at=act.now,
            added_by=act.principal.id,
        )
        for member in {act.principal.id, supervisor}
    )


def _view(act: Act, row: MatterRow) -> MatterView:
    keychain = vault_of(act.request).keychain
    key = matter_key_of(row)
    names = keychain.matter_names(key)
    number = keychain.firm_names(key.firm).open("matters.number_sealed", row["id"], row["number_sealed"])
    return MatterView(
        id=row["id"],
        number=number,
        title=names.open("matters.title_sealed", row["id"], row["title_sealed"]),
        client=names.open("matters.client_sealed", row["id"], row["client_sealed"]),
        practice_area=row["practice_area"],
        sensitivity=row["sensitivity"],
        supervising_attorney_id=row["supervising_attorney_id"],
        state=row["state"],
        created_at=row["created_at"],
        created_by=row["created_by"],
    )
