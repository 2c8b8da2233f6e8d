"""Joining"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_constraint(op.f("uq_members_tenant_id_email_index"), "members", type_="unique")
    op.create_index(
        op.f("ix_members_tenant_id_email_index"),
        "members",
        ["tenant_id", "email_index"],
        unique=True,
        postgresql_where=sa.text("state <> 'removed'"),
    )
    op.create_index(
        op.f("ix_grants_provider_id_member_id"), "grants", ["provider_id", "member_id"], unique=False
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_grants_provider_id_member_id"), table_name="grants")
    op.drop_index(op.f("ix_members_tenant_id_email_index"), table_name="members")
    op.create_unique_constraint(
        op.f("uq_members_tenant_id_email_index"), "members", ["tenant_id", "email_index"]
    )
