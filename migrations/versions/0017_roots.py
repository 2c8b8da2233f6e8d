"""The root key of each firm, and whether it was revoked

Running transfers hear of it as they hear of everything that ends access.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0009"
branch_labels = None
depends_on = None

TELL = """
CREATE FUNCTION tell_of_root() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('redwell_access', NEW.tenant_id::text);
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "firm_roots",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("root", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_firm_roots")),
    )
    op.execute(TELL)
    op.execute(
        "CREATE TRIGGER tell_of_root AFTER INSERT OR UPDATE ON firm_roots "
        "FOR EACH ROW EXECUTE FUNCTION tell_of_root()"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("firm_roots")
    op.execute("DROP FUNCTION tell_of_root()")
