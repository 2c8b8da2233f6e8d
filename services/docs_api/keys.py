"""Rows of keys: the firm's is made on first need, a matter's with the matter."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.elements import ColumnElement

from services.docs_api.keychain import Names, WrappedFirmKey, WrappedMatterKey
from services.docs_api.roots.errors import FirmKeyUnavailable
from services.docs_api.roots.queries import chosen_root, root_revoked
from services.docs_api.vault import vault_of
from services.evidence.act import Act
from services.kernel.ids import new_id
from services.keys.roots import is_elsewhere
from services.tables.docs import FirmKey, MatterKey

FIRM_KEY_COLUMNS = (
    FirmKey.tenant_id.label("key_tenant"),
    FirmKey.id.label("firm_key_id"),
    FirmKey.root.label("firm_root"),
    FirmKey.wrapped.label("firm_wrapped"),
    FirmKey.names_wrapped.label("firm_names_wrapped"),
    root_revoked(FirmKey.tenant_id).label("firm_revoked"),
)
"""Select these to have `firm_key_of` read a row's key."""
KEY_COLUMNS = (
    *FIRM_KEY_COLUMNS,
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
        row["key_tenant"],
        row["firm_key_id"],
        row["firm_root"],
        row["firm_wrapped"],
        row["firm_names_wrapped"],
        row["firm_revoked"],
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
    firm = act.principal.firm
    found = await find_firm_key(act.session, firm)
    if found is None:
        keychain = vault_of(act.request).keychain
        root = await chosen_root(act.session, firm, keychain.roots)
        if is_elsewhere(root):
            # It is made before a transaction is open: by the next request, if the root was chosen just now.
            act.request.app.state.firm_keys.forget(firm)
            raise FirmKeyUnavailable
        await add_firm_key(act.session, await keychain.new_firm_key(firm, new_id(act.now), root), act.now)
        found = await find_firm_key(act.session, firm)
    assert found is not None, "the unique index leaves exactly one current key"
    return found


async def find_firm_key(session: AsyncSession, firm: UUID) -> WrappedFirmKey | None:
    """The firm's current key, if it has one."""
    row = await session.execute(
        select(*FIRM_KEY_COLUMNS).where(FirmKey.tenant_id == firm, FirmKey.retired_at.is_(None))
    )
    found = row.mappings().one_or_none()
    return None if found is None else firm_key_of(dict(found))


async def add_firm_key(session: AsyncSession, made: WrappedFirmKey, now: datetime) -> None:
    """Keep a firm's key, unless it has a current one by now."""
    row = {
        "tenant_id": made.tenant,
        "id": made.id,
        "root": made.root,
        "wrapped": made.wrapped,
        "names_wrapped": made.names_wrapped,
        "created_at": now,
    }
    await session.execute(insert(FirmKey).values(row).on_conflict_do_nothing())
