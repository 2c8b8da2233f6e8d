"""Which store a firm's new content lies in; each segment is compared with that as its row is written"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0037"
branch_labels = None
depends_on = None

# A choice waits for the segments that are being written, and they for it: the other half of the lock is taken
# in `stores/choosing.py`.
_REQUIRE = """
CREATE FUNCTION require_store_of_firm() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(x'73746f72'::int, hashtext(NEW.tenant_id::text));
    IF coalesce(substring(NEW.object_key FROM '^(.*):'), 'default')
        <> coalesce((SELECT store FROM firm_stores WHERE tenant_id = NEW.tenant_id), 'default')
    THEN
        RAISE EXCEPTION 'another store was chosen for the firm'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'store_of_firm', TABLE = 'segments';
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "firm_stores",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("store ~ '^[a-z][a-z0-9-]{0,31}$'", name=op.f("ck_firm_stores_store")),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_firm_stores")),
    )
    op.execute(_REQUIRE)
    op.execute(
        "CREATE TRIGGER require_store_of_firm BEFORE INSERT ON segments "
        "FOR EACH ROW EXECUTE FUNCTION require_store_of_firm()"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DROP TRIGGER require_store_of_firm ON segments")
    op.execute("DROP FUNCTION require_store_of_firm()")
    op.drop_table("firm_stores")
