"""Devices that ask to be signed in"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "device_requests",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("device_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("user_code_index", sa.LargeBinary(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("interval_seconds", sa.BigInteger(), nullable=False),
        sa.Column("polled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("collected_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("decision IN ('approved', 'denied')", name=op.f("ck_device_requests_decision")),
        sa.CheckConstraint(
            "(session_id IS NULL) = (organization_id IS NULL)"
            " AND (session_id IS NULL) = (decision IS DISTINCT FROM 'approved')",
            name=op.f("ck_device_requests_session_of_approved"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_device_requests")),
        sa.UniqueConstraint(
            "tenant_id", "device_sha256", name=op.f("uq_device_requests_tenant_id_device_sha256")
        ),
        sa.UniqueConstraint(
            "tenant_id", "user_code_index", name=op.f("uq_device_requests_tenant_id_user_code_index")
        ),
    )
    op.create_index(
        op.f("ix_device_requests_tenant_id_expires_at"), "device_requests", ["tenant_id", "expires_at"]
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("device_requests")
