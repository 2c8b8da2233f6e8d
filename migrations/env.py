"""Alembic environment. The connection is handed in by `services/host/prepare.py`, already the owner's."""

from alembic import context
from alembic.operations import ops
from sqlalchemy.dialects.postgresql.base import ischema_names

from services.tables import Record
from services.tables.evidence import TransactionId


def without_access(_context: object, _revision: object, directives: list[ops.MigrationScript]) -> None:
    """Grants are generated from the tables at every start; a migration holds none of them."""
    for script in directives:
        for operations in script.upgrade_ops_list + script.downgrade_ops_list:
            for operation in operations.ops:
                if isinstance(operation, (ops.CreateTableOp, ops.DropTableOp)):
                    operation.info.clear()


ischema_names["xid8"] = TransactionId  # so that a comparison recognizes what it reflects

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Record.metadata,
    compare_server_default=True,
    transaction_per_migration=True,
    process_revision_directives=without_access,
)
with context.begin_transaction():
    context.run_migrations()
