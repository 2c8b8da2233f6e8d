"""A team has people in it: the reference says so, and programs that were put into one are taken out"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0030"
branch_labels = None
depends_on = None

_MEMBER, _PERSON = ["tenant_id", "member_id"], ["tenant_id", "member_id", "member_kind"]


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_unique_constraint("uq_members_tenant_id_id_kind", "members", ["tenant_id", "id", "kind"])
    _forced("NO FORCE")  # the owner sees nothing without a tenant otherwise
    op.execute(
        "DELETE FROM team_members w USING members m "
        "WHERE m.tenant_id = w.tenant_id AND m.id = w.member_id AND m.kind <> 'person'"
    )
    op.add_column(
        "team_members", sa.Column("member_kind", sa.Text(), nullable=False, server_default="person")
    )
    op.create_check_constraint(op.f("ck_team_members_member_kind"), "team_members", "member_kind = 'person'")
    op.drop_constraint("fk_team_members_tenant_id_member_id", "team_members", type_="foreignkey")
    op.create_foreign_key(
        "fk_team_members_tenant_id_member_id_member_kind",
        "team_members",
        "members",
        _PERSON,
        ["tenant_id", "id", "kind"],
    )
    _forced("FORCE")


def _forced(verb: str) -> None:
    for table in ("members", "team_members"):
        op.execute(f"ALTER TABLE {table} {verb} ROW LEVEL SECURITY")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_constraint("fk_team_members_tenant_id_member_id_member_kind", "team_members", type_="foreignkey")
    op.create_foreign_key(
        "fk_team_members_tenant_id_member_id", "team_members", "members", _MEMBER, ["tenant_id", "id"]
    )
    op.drop_constraint(op.f("ck_team_members_member_kind"), "team_members", type_="check")
    op.drop_column("team_members", "member_kind")
    op.drop_constraint("uq_members_tenant_id_id_kind", "members", type_="unique")
