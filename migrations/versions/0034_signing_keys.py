"""Signing keys that are published before they sign, and whose end is felt by running transfers"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("signing_keys", sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("ALTER TABLE signing_keys NO FORCE ROW LEVEL SECURITY")  # the owner sees nothing otherwise
    op.execute("UPDATE signing_keys SET activated_at = created_at")
    op.execute("ALTER TABLE signing_keys FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE TRIGGER tell_of_access AFTER UPDATE OF retired_at ON signing_keys "
        "FOR EACH ROW EXECUTE FUNCTION tell_of_access()"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DROP TRIGGER tell_of_access ON signing_keys")
    op.drop_column("signing_keys", "activated_at")
