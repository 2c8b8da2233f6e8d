"""Uploads that go on where they stopped, and what lets a client go on with one."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0012"
branch_labels = None
depends_on = None

_VERSIONS = "state IN ('receiving', 'available', 'rejected', 'quarantined', 'abandoned')"
_VERSIONS_NOW = "state IN ('receiving', 'verifying', 'available', 'rejected', 'quarantined', 'abandoned')"
_UPLOADS = "state IN ('open', 'complete', 'abandoned')"
_UPLOADS_NOW = "state IN ('open', 'verifying', 'complete', 'rejected', 'abandoned')"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _states("versions", _VERSIONS_NOW)
    _states("uploads", _UPLOADS_NOW)
    op.add_column("segments", sa.Column("salt", sa.LargeBinary()))
    # What there is came, or comes, in one request.
    op.add_column("uploads", sa.Column("kind", sa.Text(), nullable=False, server_default="plain"))
    op.alter_column("uploads", "kind", server_default=None)
    op.add_column("uploads", sa.Column("completed_request", sa.Uuid()))
    op.add_column("uploads", sa.Column("completed_operation", sa.Text()))
    op.create_check_constraint(op.f("ck_uploads_kind"), "uploads", "kind IN ('plain', 'tus')")
    op.create_index(
        op.f("ix_uploads_tenant_id_member_id_state"), "uploads", ["tenant_id", "member_id", "state"]
    )
    _capabilities()


def _states(table: str, states: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_state"), table, type_="check")
    op.create_check_constraint(op.f(f"ck_{table}_state"), table, states)


def _capabilities() -> None:
    op.create_table(
        "upload_capabilities",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("roles", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("acr", sa.Text(), nullable=False),
        sa.Column("amr", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("auth_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "upload_id"],
            ["uploads.tenant_id", "uploads.id"],
            name=op.f("fk_upload_capabilities_tenant_id_upload_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "sha256", name=op.f("pk_upload_capabilities")),
        sa.UniqueConstraint("sha256", name=op.f("uq_upload_capabilities_sha256")),
    )
    table = "upload_capabilities"
    op.create_index(op.f(f"ix_{table}_tenant_id_upload_id"), table, ["tenant_id", "upload_id"])
    op.create_index(op.f(f"ix_{table}_expires_at"), table, ["expires_at"])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("upload_capabilities")
    op.drop_index(op.f("ix_uploads_tenant_id_member_id_state"), "uploads")
    op.drop_constraint(op.f("ck_uploads_kind"), "uploads", type_="check")
    for column in ("completed_operation", "completed_request", "kind"):
        op.drop_column("uploads", column)
    op.drop_column("segments", "salt")
    _states("uploads", _UPLOADS)
    _states("versions", _VERSIONS)
