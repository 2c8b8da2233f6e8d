"""Rotations of keys, and the database's own refusal to erase a key of what is held

A key may be sealed anew whatever is held; it may not be taken away.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0020"
branch_labels = None
depends_on = None

WRAPPED_BYTES = 61
WRAPS = {
    "versions": ("wrapped_data_key",),
    "matter_keys": ("wrapped", "names_wrapped"),
    "firm_keys": ("wrapped", "names_wrapped"),
}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "key_rotations",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("matter_id", sa.Uuid(), nullable=True),
        sa.Column("old_key", sa.Text(), nullable=False),
        sa.Column("new_key", sa.Text(), nullable=False),
        sa.Column("moved", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("level IN ('root', 'firm', 'matter')", name=op.f("ck_key_rotations_level")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_key_rotations")),
    )
    op.create_index(
        op.f("ix_key_rotations_tenant_id_old_key"),
        "key_rotations",
        ["tenant_id", "old_key"],
        unique=True,
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.create_index(op.f("ix_matter_keys_tenant_id_firm_key_id"), "matter_keys", ["tenant_id", "firm_key_id"])
    op.create_index(op.f("ix_versions_tenant_id_matter_key_id"), "versions", ["tenant_id", "matter_key_id"])
    for table, columns in WRAPS.items():
        erased = " OR ".join(f"octet_length(NEW.{column}) < {WRAPPED_BYTES}" for column in columns)
        op.execute(
            f"CREATE TRIGGER refuse_if_held_erasure BEFORE UPDATE OF {', '.join(columns)} ON {table} "
            f"FOR EACH ROW WHEN ({erased}) EXECUTE FUNCTION refuse_if_held()"
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in WRAPS:
        op.execute(f"DROP TRIGGER refuse_if_held_erasure ON {table}")
    op.drop_index(op.f("ix_versions_tenant_id_matter_key_id"), table_name="versions")
    op.drop_index(op.f("ix_matter_keys_tenant_id_firm_key_id"), table_name="matter_keys")
    op.drop_table("key_rotations")
