"""Programs: members without address and password, with keys; members that are there are people."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0021"
branch_labels = None
depends_on = None

_OF_PEOPLE = (
    ("email_index", sa.LargeBinary()),
    ("email_sealed", sa.LargeBinary()),
    ("password_hash", sa.Text()),
)
_KIND = (
    "num_nonnulls(email_index, email_sealed, password_hash) "
    "= CASE kind WHEN 'person' THEN 3 WHEN 'client' THEN 0 END AND kind IN ('person', 'client')"
)
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("members", sa.Column("kind", sa.Text(), server_default="person", nullable=False))
    for name, kind in _OF_PEOPLE:
        op.alter_column("members", name, existing_type=kind, nullable=True)
    op.create_check_constraint("kind", "members", _KIND)
    _clients()
    _keys()
    op.create_table(
        "client_assertions",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "digest", name=op.f("pk_client_assertions")),
    )
    op.create_index(
        op.f("ix_client_assertions_tenant_id_expires_at"), "client_assertions", ["tenant_id", "expires_at"]
    )
    op.add_column("sessions", sa.Column("client_kid", sa.Text(), nullable=True))
    op.create_foreign_key(
        op.f("fk_sessions_tenant_id_client_kid"),
        "sessions",
        "client_keys",
        ["tenant_id", "client_kid"],
        ["tenant_id", "kid"],
    )
    op.create_index(
        op.f("ix_sessions_tenant_id_client_kid"),
        "sessions",
        ["tenant_id", "client_kid"],
        postgresql_where=sa.text("client_kid IS NOT NULL"),
    )


def _clients() -> None:
    op.create_table(
        "clients",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("acting_for", sa.Uuid(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("networks", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_clients")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "id"], ["members.tenant_id", "members.id"], name=op.f("fk_clients_tenant_id_id")
        ),
    )


def _keys() -> None:
    op.create_table(
        "client_keys",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("jwk", postgresql.JSONB(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("revoked_at", _MOMENT, nullable=True),
        sa.Column("last_used_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "kid", name=op.f("pk_client_keys")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"],
            ["clients.tenant_id", "clients.id"],
            name=op.f("fk_client_keys_tenant_id_client_id"),
        ),
    )
    op.create_index(op.f("ix_client_keys_tenant_id_client_id"), "client_keys", ["tenant_id", "client_id"])


def downgrade() -> None:
    """Only where there is no client: a row without an address cannot be what it was before."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index(op.f("ix_sessions_tenant_id_client_kid"), "sessions")
    op.drop_constraint(op.f("fk_sessions_tenant_id_client_kid"), "sessions", type_="foreignkey")
    op.drop_column("sessions", "client_kid")
    for table in ("client_assertions", "client_keys", "clients"):
        op.drop_table(table)
    op.drop_constraint(op.f("ck_members_kind"), "members", type_="check")
    for name, kind in _OF_PEOPLE:
        op.alter_column("members", name, existing_type=kind, nullable=False)
    op.drop_column("members", "kind")
