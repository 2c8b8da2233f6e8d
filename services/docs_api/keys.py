"""Rows of keys: the firm's is made on first need, a matter's with the matter."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.elements import ColumnElement

from services.docs_api.keychain import Names, WrappedFirmKey, WrappedMatterKey
from services.docs_api.vault import vault_of
from services.evidence.act import Act
from services.kernel.ids import new_id
from services.tables.docs import FirmKey, MatterKey

KEY_COLUMNS = (
    FirmKey.tenant_id.label("key_tenant"),
    FirmKey.id.label("firm_key_id"),
    FirmKey.wrapped.label("firm_wrapped"),
    FirmKey.names_wrapped.label("firm_names_wrapped"),
    MatterKey.id.label("matter_key_id"),
    MatterKey.wrapped.label("matter_wrapped"),
    MatterKey.names_wrapped.label("matter_names_wrapped"),
)
"""Select these to have `matter_key_of` read a row's keys."""


def firm_of_matter_key() -> ColumnElement[bool]:
    """The join of `firm_keys` to `matter_keys`."""
    return and_(FirmKey.tenant_id == MatterKey.tenant_id, FirmKey.id == MatterKey.firm_key_id)


def firm_key_of(row: Mapping[str, Any]) -> WrappedFirmKey:
    return WrappedFirmKey(
        row["key_tenant"], row["firm_key_id"], row["firm_wrapped"], row["firm_names_wrapped"]
    )


def matter_key_of(row: Mapping[str, Any]) -> WrappedMatterKey:
    """The keys in a row that selected `KEY_COLUMNS`."""
    return WrappedMatterKey(
        firm_key_of(row), row["matter_key_id"], row["matter_wrapped"], row["matter_names_wrapped"]
    )


def matter_names(act: Act, row: Mapping[str, Any]) -> Names:
    return vault_of(act.request).keychain.matter_names(matter_key_of(row))


async def current_firm_key(act: Act) -> WrappedFirmKey:
    """The firm's key; made now if this is the first need of it.

    Two first needs at once agree: one insert wins, and both read what it wrote.
    """
    found = await _find_firm_key(act)
    if found is None:
        keychain = vault_of(act.request).keychain
        made = keychain.new_firm_key(act.principal.firm, new_id(act.now))
        row = {
            "tenant_id": made.tenant,
            "id": made.id,
            "root": keychain.root_id,
            "wrapped": made.wrapped,
            "names_wrapped": made.names_wrapped,
            "created_at": act.now,
        }
        await act.session.execute(insert(FirmKey).values(row).on_conflict_do_nothing())
        found = await _find_firm_key(act)
    assert found is not None, "the unique index leaves exactly one current key"
    return found


async def _find_firm_key(act: Act) -> WrappedFirmKey | None:
    row = await act.session.execute(
        select(*KEY_COLUMNS[:4]).where(FirmKey.tenant_id == act.principal.firm, FirmKey.retired_at.is_(None))
    )
    found = row.mappings().one_or_none()
    return None if found is None else firm_key_of(dict(found))
