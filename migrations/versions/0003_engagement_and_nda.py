"""Engagement and NDA"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("members", sa.Column("country", sa.Text(), nullable=True))
    _add_required("countries", sa.ARRAY(sa.Text()), "{}")
    _add_required("consent_required", sa.Boolean(), "false")
    op.add_column("engagements", sa.Column("nda_version", sa.BigInteger(), nullable=True))
    _add_required("revision", sa.BigInteger(), "1")
    op.create_table(
        "consents",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("matter_id", sa.Uuid(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "matter_id"],
            ["matters.tenant_id", "matters.id"],
            name=op.f("fk_consents_tenant_id_matter_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_consents")),
    )
    op.create_index(
        op.f("ix_consents_tenant_id_matter_id"),
        "consents",
        ["tenant_id", "matter_id"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_table(
        "nda_versions",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("engagement_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("firm_key_id", sa.Uuid(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "engagement_id"],
            ["engagements.tenant_id", "engagements.id"],
            name=op.f("fk_nda_versions_tenant_id_engagement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "firm_key_id"],
            ["firm_keys.tenant_id", "firm_keys.id"],
            name=op.f("fk_nda_versions_tenant_id_firm_key_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_nda_versions")),
        sa.UniqueConstraint(
            "tenant_id",
            "engagement_id",
            "version",
            name=op.f("uq_nda_versions_tenant_id_engagement_id_version"),
        ),
    )
    op.create_table(
        "nda_signatures",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("engagement_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "engagement_id", "version"],
            ["nda_versions.tenant_id", "nda_versions.engagement_id", "nda_versions.version"],
            name=op.f("fk_nda_signatures_tenant_id_engagement_id_version"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "engagement_id", "version", "member_id", name=op.f("pk_nda_signatures")
        ),
    )


def _add_required(name: str, kind: sa.types.TypeEngine[Any], of_old_rows: str) -> None:
    op.add_column("engagements", sa.Column(name, kind, nullable=False, server_default=of_old_rows))
    op.alter_column("engagements", name, server_default=None)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("nda_signatures")
    op.drop_table("nda_versions")
    op.drop_index(op.f("ix_consents_tenant_id_matter_id"), table_name="consents")
    op.drop_table("consents")
    for name in ("revision", "nda_version", "consent_required", "countries"):
        op.drop_column("engagements", name)
    op.drop_column("members", "country")
