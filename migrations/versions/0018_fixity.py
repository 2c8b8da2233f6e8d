"""Runs that read the store again, what they found of each version, and the mark that the store has too."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "fixity_runs",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("selection", sa.Text(), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("versions", sa.BigInteger(), nullable=True),
        sa.Column("damaged", sa.BigInteger(), nullable=True),
        sa.Column("sealed_bytes", sa.BigInteger(), nullable=True),
        sa.Column("unnamed", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('running', 'ended', 'abandoned')", name=op.f("ck_fixity_runs_state")),
        sa.CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name=op.f("ck_fixity_runs_ended")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_fixity_runs")),
    )
    op.create_table(
        "version_checks",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened", sa.Boolean(), nullable=False),
        sa.Column("sealed_bytes", sa.BigInteger(), nullable=False),
        sa.Column("finding", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "version_id", name=op.f("pk_version_checks")),
    )
    op.create_index(op.f("ix_version_checks_run_id"), "version_checks", ["run_id"])
    op.create_index(
        op.f("ix_version_checks_tenant_id"),
        "version_checks",
        ["tenant_id"],
        postgresql_where=sa.text("finding IS NOT NULL"),
    )
    op.create_table(
        "store_marks",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("current_mark", sa.Text(), nullable=True),
        sa.Column("pending_mark", sa.Text(), nullable=True),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "name", name=op.f("pk_store_marks")),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("store_marks")
    op.drop_table("version_checks")
    op.drop_table("fixity_runs")
