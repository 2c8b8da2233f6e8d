"""Sessions that are bound to a key, organizations that want it, and proofs that were used"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("sessions", sa.Column("proof_key", sa.Text(), nullable=True))
    op.create_table(
        "proof_policies",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("required_of", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "required_of IN ('nobody', 'programs', 'everyone')", name=op.f("ck_proof_policies_required_of")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["organizations.id"], name=op.f("fk_proof_policies_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_proof_policies")),
    )
    op.create_table(
        "used_proofs",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "digest", name=op.f("pk_used_proofs")),
    )
    op.create_index(op.f("ix_used_proofs_tenant_id_expires_at"), "used_proofs", ["tenant_id", "expires_at"])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("used_proofs")
    op.drop_table("proof_policies")
    # An older release would take the tokens of these sessions without a proof.
    op.execute("ALTER TABLE sessions NO FORCE ROW LEVEL SECURITY")
    op.execute(
        "UPDATE sessions SET ended_at = now(), end_reason = 'proof-required' "
        "WHERE proof_key IS NOT NULL AND ended_at IS NULL"
    )
    op.execute("ALTER TABLE sessions FORCE ROW LEVEL SECURITY")
    op.drop_column("sessions", "proof_key")
