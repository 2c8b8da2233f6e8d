"""Hashes of complete subtrees, from which a receipt's proof is made

The table begins empty: they are made from the leaves as they are needed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "subtrees",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("idx", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("level IN (8, 16, 24)", name=op.f("ck_subtrees_level")),
        sa.CheckConstraint("octet_length(hash) = 32", name=op.f("ck_subtrees_hash")),
        sa.ForeignKeyConstraint(["tenant_id"], ["trees.tenant_id"], name=op.f("fk_subtrees_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "level", "idx", name=op.f("pk_subtrees")),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("subtrees")
