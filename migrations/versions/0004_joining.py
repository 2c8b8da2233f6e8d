"""Joining"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0002"
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
    op.add_column("organizations", sa.Column("solo_since", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "recovery_codes",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("code_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "member_id"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_recovery_codes_tenant_id_member_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_recovery_codes")),
    )
    op.create_index(
        op.f("ix_recovery_codes_tenant_id_member_id"),
        "recovery_codes",
        ["tenant_id", "member_id"],
        unique=False,
    )
    _replace_check("challenges", "purpose", ("enrol", "sign_in", "step_up", "recover", "replace"))
    op.create_table(
        "factor_resets",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("available_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_by", sa.Uuid(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("invitation_id", sa.Uuid(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'released', 'completed', 'cancelled')", name=op.f("ck_factor_resets_state")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "member_id"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_factor_resets_tenant_id_member_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_factor_resets")),
    )
    op.create_index(
        op.f("ix_factor_resets_tenant_id"),
        "factor_resets",
        ["tenant_id"],
        unique=True,
        postgresql_where=sa.text("state = 'pending'"),
    )
    _replace_check("invitations", "purpose", ("operator", "first_administrator", "member", "factor_reset"))


def _replace_check(table: str, column: str, values: tuple[str, ...]) -> None:
    """Let a column hold exactly these values."""
    name = op.f(f"ck_{table}_{column}")
    listed = ", ".join(f"'{value}'" for value in values)
    op.drop_constraint(name, table, type_="check")
    op.create_check_constraint(name, table, f"{column} IN ({listed})")


def downgrade() -> None:
    op.drop_table("factor_resets")
    _forced("NO FORCE")  # the owner sees nothing otherwise
    op.execute("DELETE FROM invitations WHERE purpose = 'factor_reset'")
    _replace_check("invitations", "purpose", ("operator", "first_administrator", "member"))
    op.execute("DELETE FROM challenges WHERE purpose IN ('recover', 'replace')")
    _forced("FORCE")
    _replace_check("challenges", "purpose", ("enrol", "sign_in", "step_up"))
    op.drop_table("recovery_codes")
    op.drop_column("organizations", "solo_since")
    op.drop_index(op.f("ix_grants_provider_id_member_id"), table_name="grants")
    op.drop_index(op.f("ix_members_tenant_id_email_index"), table_name="members")
    op.create_unique_constraint(
        op.f("uq_members_tenant_id_email_index"), "members", ["tenant_id", "email_index"]
    )


def _forced(verb: str) -> None:
    for table in ("invitations", "challenges"):
        op.execute(f"ALTER TABLE {table} {verb} ROW LEVEL SECURITY")
