"""Several factors of a person, and which of them a session was opened with"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0034"
branch_labels = None
depends_on = None

_PURPOSES = "'enrol', 'sign_in', 'step_up', 'recover', 'replace'"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("totp_factors", sa.Column("name_sealed", sa.LargeBinary(), nullable=True))
    op.create_index(op.f("ix_totp_factors_tenant_id_member_id"), "totp_factors", ["tenant_id", "member_id"])
    op.add_column("sessions", sa.Column("factor_id", sa.Uuid(), nullable=True))
    _check_purpose(f"{_PURPOSES}, 'add'")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER TABLE challenges NO FORCE ROW LEVEL SECURITY")  # the owner sees nothing otherwise
    op.execute("DELETE FROM challenges WHERE purpose = 'add'")
    op.execute("ALTER TABLE challenges FORCE ROW LEVEL SECURITY")
    _check_purpose(_PURPOSES)
    op.drop_column("sessions", "factor_id")
    op.drop_index(op.f("ix_totp_factors_tenant_id_member_id"), "totp_factors")
    op.drop_column("totp_factors", "name_sealed")


def _check_purpose(purposes: str) -> None:
    op.drop_constraint(op.f("ck_challenges_purpose"), "challenges", type_="check")
    op.create_check_constraint(op.f("ck_challenges_purpose"), "challenges", f"purpose IN ({purposes})")
