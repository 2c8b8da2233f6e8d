"""Grants and row-level policies, generated from the tables and applied after every migration.

`Access` on each table is the only source; the whole set is compared with a golden file in the tests.
"""

from collections.abc import Iterator

from sqlalchemy import Table

from services.tables.roles import OWNER, Role
from services.tables.schema import IN_TENANTS, Access, Record, access_of


def privilege_statements() -> list[str]:
    """SQL that gives every role exactly what its tables say, and takes away whatever else it had."""
    roles = ", ".join(Role)
    statements = [
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {roles}",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        f"GRANT USAGE ON SCHEMA public TO {roles}",
        *_dropped_policies(),
    ]
    for table in Record.metadata.sorted_tables:
        statements += _table_statements(table, access_of(table))
    return statements


def _dropped_policies() -> Iterator[str]:
    yield (
        "DO $$ DECLARE p record; BEGIN FOR p IN SELECT policyname, tablename FROM pg_policies "
        "WHERE schemaname = 'public' LOOP "
        "EXECUTE format('DROP POLICY %I ON %I', p.policyname, p.tablename); END LOOP; END $$"
    )


def _table_statements(table: Table, access: Access) -> Iterator[str]:
    yield f"ALTER TABLE {table.name} OWNER TO {OWNER}"
    yield f"ALTER TABLE {table.name} ENABLE ROW LEVEL SECURITY"
    yield f"ALTER TABLE {table.name} FORCE ROW LEVEL SECURITY"
    own = IN_TENANTS.format(column=access.tenant_column)
    for role, privileges in sorted(access.grants.items()):
        yield f"GRANT {', '.join(privileges)} ON {table.name} TO {role}"
        rule = access.across.get(role, own)
        name = f"{role.removeprefix('redwell_')}_{'across' if role in access.across else 'tenant'}"
        yield f"CREATE POLICY {name} ON {table.name} TO {role} USING ({rule}) WITH CHECK ({rule})"
