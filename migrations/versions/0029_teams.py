"""Teams, grants to a team, and external people; grants and members that are there stay what they are."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0027"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_FELT = {"team_members": "DELETE", "teams": "UPDATE OF state"}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _create_teams()
    _grants_to_teams()
    _external_members()
    for table, change in _FELT.items():
        op.execute(
            f"CREATE TRIGGER tell_of_access AFTER {change} ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION tell_of_access()"
        )


def _create_teams() -> None:
    op.create_table(
        "teams",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("name_index", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("closed_at", _MOMENT, nullable=True),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("state IN ('active', 'closed')", name="ck_teams_state"),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="ck_teams_closed"),
        sa.ForeignKeyConstraint(["tenant_id"], ["organizations.id"], name="fk_teams_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_teams"),
    )
    op.create_index(
        "ix_teams_tenant_id_name_index",
        "teams",
        ["tenant_id", "name_index"],
        unique=True,
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_table(
        "team_members",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("added_at", _MOMENT, nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "team_id"],
            ["teams.tenant_id", "teams.id"],
            name="fk_team_members_tenant_id_team_id",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "member_id"],
            ["members.tenant_id", "members.id"],
            name="fk_team_members_tenant_id_member_id",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "team_id", "member_id", name="pk_team_members"),
    )
    op.create_index("ix_team_members_tenant_id_member_id", "team_members", ["tenant_id", "member_id"])


def _grants_to_teams() -> None:
    op.add_column("grants", sa.Column("team_id", sa.Uuid(), nullable=True))
    op.alter_column("grants", "member_id", existing_type=sa.Uuid(), nullable=True)
    op.create_check_constraint(op.f("ck_grants_holder"), "grants", "num_nonnulls(member_id, team_id) = 1")
    op.create_index("ix_grants_tenant_id_team_id_matter_id", "grants", ["tenant_id", "team_id", "matter_id"])
    op.create_index("ix_grants_provider_id_team_id", "grants", ["provider_id", "team_id"])


def _external_members() -> None:
    for name, kind in (("team_id", sa.Uuid()), ("sponsor_id", sa.Uuid()), ("ends_at", _MOMENT)):
        op.add_column("invitations", sa.Column(name, kind, nullable=True))
    op.create_check_constraint(
        op.f("ck_invitations_terms"), "invitations", "(sponsor_id IS NULL) = (ends_at IS NULL)"
    )
    op.create_table(
        "external_members",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("sponsor_id", sa.Uuid(), nullable=False),
        sa.Column("ends_at", _MOMENT, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        *(
            sa.ForeignKeyConstraint(
                ["tenant_id", column],
                ["members.tenant_id", "members.id"],
                name=f"fk_external_members_tenant_id_{column}",
            )
            for column in ("member_id", "sponsor_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "member_id", name="pk_external_members"),
    )
    op.create_index(
        "ix_external_members_tenant_id_sponsor_id", "external_members", ["tenant_id", "sponsor_id"]
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # A grant to a team, which an older release cannot serve, stands in the way here.
    op.drop_table("external_members")
    op.drop_constraint(op.f("ck_invitations_terms"), "invitations", type_="check")
    for column in ("ends_at", "sponsor_id", "team_id"):
        op.drop_column("invitations", column)
    op.drop_index("ix_grants_provider_id_team_id", "grants")
    op.drop_index("ix_grants_tenant_id_team_id_matter_id", "grants")
    op.drop_constraint(op.f("ck_grants_holder"), "grants", type_="check")
    op.alter_column("grants", "member_id", existing_type=sa.Uuid(), nullable=False)
    op.drop_column("grants", "team_id")
    op.drop_table("team_members")
    op.drop_table("teams")
