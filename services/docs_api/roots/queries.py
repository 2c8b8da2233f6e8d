"""Which root was chosen for a firm, and whether it was revoked."""

from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.elements import ColumnElement

from services.keys.roots import Roots
from services.tables.roots import FirmRoot


def root_revoked(tenant: Any) -> ColumnElement[bool]:  # noqa: ANN401 -- a column, or a parameter
    """The firm's root was revoked; for use in the statement that asks for whatever hangs on it."""
    return exists(FirmRoot.tenant_id).where(FirmRoot.tenant_id == tenant, FirmRoot.revoked_at.is_not(None))


async def chosen_root(session: AsyncSession, firm: UUID, roots: Roots) -> str:
    """The id of the root that the firm's next key is made under."""
    chosen = await session.scalar(select(FirmRoot.root).where(FirmRoot.tenant_id == firm))
    return roots.default_id if chosen is None else chosen
