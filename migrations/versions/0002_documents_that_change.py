"""Documents that change: a state, a revision, and what they were before."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # The defaults are for the rows that are there; the service says both for every new one.
    op.add_column("documents", sa.Column("state", sa.Text(), server_default="active", nullable=False))
    op.add_column("documents", sa.Column("revision", sa.BigInteger(), server_default="1", nullable=False))
    op.alter_column("documents", "state", server_default=None)
    op.alter_column("documents", "revision", server_default=None)
    op.create_check_constraint(op.f("ck_documents_state"), "documents", "state IN ('active', 'withdrawn')")
    op.create_table(
        "document_changes",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("fields", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("folder_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("class_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "document_id"],
            ["documents.tenant_id", "documents.id"],
            name=op.f("fk_document_changes_tenant_id_document_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_document_changes")),
        sa.UniqueConstraint(
            "tenant_id",
            "document_id",
            "revision",
            name=op.f("uq_document_changes_tenant_id_document_id_revision"),
        ),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("document_changes")
    op.drop_constraint(op.f("ck_documents_state"), "documents", type_="check")
    op.drop_column("documents", "revision")
    op.drop_column("documents", "state")
