"""Which store was chosen for a firm."""

from typing import Any

from sqlalchemy import func, literal, select
from sqlalchemy.sql.elements import ColumnElement

from services.kernel.store_settings import DEFAULT_STORE
from services.tables.stores import FirmStore

CONSTRAINT = "store_of_firm"
"""What a segment breaks whose store is not its firm's."""


def store_of(tenant: Any) -> ColumnElement[str]:  # noqa: ANN401 -- a column, or a parameter
    """The name of the store that new content of a firm goes to; for use in the statement that admits it."""
    chosen = select(FirmStore.store).where(FirmStore.tenant_id == tenant).scalar_subquery()
    return func.coalesce(chosen, literal(DEFAULT_STORE)).label("store")
