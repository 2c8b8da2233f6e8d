"""Tags and a note of documents, sealed like their names; documents that are there have neither."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0016"
branch_labels = None
depends_on = None

_INDEX = "ix_documents_tag_indexes"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in ("documents", "document_changes"):
        op.add_column(table, sa.Column("tags_sealed", sa.LargeBinary(), nullable=True))
        op.add_column(table, sa.Column("note_sealed", sa.LargeBinary(), nullable=True))
    op.add_column(
        "documents",
        sa.Column(
            "tag_indexes", postgresql.ARRAY(sa.LargeBinary()), server_default=sa.text("'{}'"), nullable=False
        ),
    )
    op.create_index(_INDEX, "documents", ["tag_indexes"], postgresql_using="gin")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index(_INDEX, "documents")
    op.drop_column("documents", "tag_indexes")
    for table in ("documents", "document_changes"):
        op.drop_column(table, "note_sealed")
        op.drop_column(table, "tags_sealed")
