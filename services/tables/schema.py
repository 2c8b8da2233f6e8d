"""What every table shares: naming of constraints, column kinds, and who may do what to it.

Keys are composite `(tenant, id)`, so that a foreign key cannot point into another tenant; uniqueness is
tenant-scoped, so that a violation tells nothing of other tenants.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    DateTime,
    ForeignKeyConstraint,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, mapped_column

from services.kernel.ids import PLATFORM
from services.tables.roles import Role

CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

TENANTS_SQL = "string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]"
IN_TENANTS = "{column} = ANY (" + TENANTS_SQL + ")"
IN_PLATFORM = f"'{PLATFORM}'::uuid = ANY ({TENANTS_SQL})"

TenantId = Annotated[UUID, mapped_column(primary_key=True)]
RowId = Annotated[UUID, mapped_column(primary_key=True)]


ALL = ("SELECT", "INSERT", "UPDATE", "DELETE")
KEEP = ("SELECT", "INSERT", "UPDATE")
READ = ("SELECT",)
EITHER_PARTY = f"{IN_TENANTS.format(column='tenant_id')} OR {IN_TENANTS.format(column='provider_id')}"


def references(table: str, column: str) -> ForeignKeyConstraint:
    """`column` names a row of `table` in the same tenant."""
    return ForeignKeyConstraint(["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"])


@dataclass(frozen=True, slots=True)
class Access:
    """Who may touch a table, and through which policy.

    `writer`: the room that alone writes it. `grants`: database role -> privileges, a column list allowed
    (`SELECT (id, state)`). `across`: role -> policy expression for those who look past one tenant, each named
    here because it is an exception.
    """

    writer: str
    grants: Mapping[Role, tuple[str, ...]]
    tenant_column: str = "tenant_id"
    across: Mapping[Role, str] = field(default_factory=dict)


VAULT = {"info": {"access": Access(writer="docs_api", grants={Role.DOCS: KEEP})}}
"""Table arguments of what the vault alone reads and writes."""


class Record(DeclarativeBase):
    """A row. Nothing is loaded lazily: there are no relationships, only named queries."""

    metadata = MetaData(naming_convention=CONVENTION)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        UUID: Uuid,
        bytes: LargeBinary,
        str: Text,
        int: BigInteger,
        list[bytes]: ARRAY(LargeBinary()),
        list[str]: ARRAY(Text),
    }


def access_of(table: Table) -> Access:
    """The declared access of `table`; a table without one is a mistake found at once (KeyError)."""
    access = table.info["access"]
    assert isinstance(access, Access)
    return access
