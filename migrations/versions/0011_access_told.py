"""Whatever access hangs on says when it changed

Who is woken asks the database again; the notification itself decides nothing.
"""

from alembic import op

revision = "0011"
down_revision = "0007"
branch_labels = None
depends_on = None

_CHANGES = {
    "grants": "UPDATE OF revoked_at",
    "engagements": "UPDATE",
    "consents": "UPDATE OF withdrawn_at",
    "matters": "UPDATE OF state",
    "matter_people": "DELETE",
    "documents": "UPDATE OF state, class_id",
    "members": "UPDATE OF state, country",
    "sessions": "UPDATE OF ended_at",
}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(
        """
        CREATE FUNCTION tell_of_access() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_notify('redwell_access', OLD.tenant_id::text);
            RETURN NULL;
        END $$
        """
    )
    for table, change in _CHANGES.items():
        op.execute(
            f"CREATE TRIGGER tell_of_access AFTER {change} ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION tell_of_access()"
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in _CHANGES:
        op.execute(f"DROP TRIGGER tell_of_access ON {table}")
    op.execute("DROP FUNCTION tell_of_access()")
