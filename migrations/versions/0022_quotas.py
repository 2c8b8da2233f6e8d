"""Counters of what firms and matters hold, kept by triggers, and what they may hold

A deferred trigger changes the counters as the last thing in a transaction: whatever else that locked, it has
by then, so that no two transactions wait for one another, and a counter is locked for the commit alone. Who
must know before that asks with SET CONSTRAINTS. The firm's counter comes first, then the matter's.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0029"
branch_labels = None
depends_on = None

CHARGE = """
CREATE FUNCTION charged_bytes(state text, received bigint, declared bigint, announced bigint, lease uuid)
RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN state IN ('abandoned', 'rejected') THEN 0
        WHEN state = 'open' THEN greatest(received, declared, CASE WHEN lease IS NOT NULL THEN announced END)
        ELSE received
    END
$$
"""
"""What one upload counts for. Content that came to nothing is removed with it, and counts for nothing."""

COUNT = """
CREATE FUNCTION count_charge() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    tenant uuid;
    matter uuid;
    more bigint := 0;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        more := more - {old};
        tenant := OLD.tenant_id;
        matter := OLD.matter_id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        more := more + {new};
        tenant := NEW.tenant_id;
        matter := NEW.matter_id;
    END IF;
    INSERT INTO firm_usage AS u (tenant_id, used_bytes) VALUES (tenant, more)
        ON CONFLICT (tenant_id) DO UPDATE SET used_bytes = u.used_bytes + excluded.used_bytes;
    INSERT INTO matter_usage AS u (tenant_id, matter_id, used_bytes) VALUES (tenant, matter, more)
        ON CONFLICT (tenant_id, matter_id) DO UPDATE SET used_bytes = u.used_bytes + excluded.used_bytes;
    RETURN NULL;
END $$
"""


def _charged(row: str) -> str:
    columns = ("state", "received_bytes", "declared_bytes", "announced_bytes", "lease_owner")
    return f"charged_bytes({', '.join(row + column for column in columns)})"


_DEFERRED = "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
TRIGGERS = {
    "count_new_upload": f"AFTER INSERT ON uploads {_DEFERRED} WHEN ({_charged('NEW.')} <> 0)",
    "count_upload": (
        "AFTER UPDATE OF state, received_bytes, declared_bytes, announced_bytes, lease_owner ON uploads "
        f"{_DEFERRED} WHEN ({_charged('OLD.')} <> {_charged('NEW.')})"
    ),
    "count_removed_upload": f"AFTER DELETE ON uploads {_DEFERRED} WHEN ({_charged('OLD.')} <> 0)",
}
USED = f"SELECT {{columns}}, sum({_charged('')}) FROM uploads GROUP BY {{columns}}"  # noqa: S608 -- constants


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "firm_quotas",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("quota_bytes", sa.BigInteger(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_firm_quotas")),
    )
    op.create_table(
        "firm_usage",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("used_bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_firm_usage")),
    )
    op.create_table(
        "matter_usage",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("matter_id", sa.Uuid(), nullable=False),
        sa.Column("used_bytes", sa.BigInteger(), nullable=False),
        sa.Column("quota_bytes", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "matter_id"],
            ["matters.tenant_id", "matters.id"],
            name=op.f("fk_matter_usage_tenant_id_matter_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "matter_id", name=op.f("pk_matter_usage")),
    )
    op.add_column("uploads", sa.Column("announced_bytes", sa.BigInteger(), nullable=True))
    op.create_index(
        op.f("ix_uploads_tenant_id_matter_id"),
        "uploads",
        ["tenant_id", "matter_id"],
        postgresql_where=sa.text("state = 'open'"),
    )
    op.execute(CHARGE)
    op.execute(COUNT.format(old=_charged("OLD."), new=_charged("NEW.")))
    _count_what_is_there()
    for name, when in TRIGGERS.items():
        op.execute(f"CREATE CONSTRAINT TRIGGER {name} {when} EXECUTE FUNCTION count_charge()")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for name in TRIGGERS:
        op.execute(f"DROP TRIGGER {name} ON uploads")
    op.execute("DROP FUNCTION count_charge()")
    op.execute("DROP FUNCTION charged_bytes(text, bigint, bigint, bigint, uuid)")
    op.drop_index(op.f("ix_uploads_tenant_id_matter_id"), table_name="uploads")
    op.drop_column("uploads", "announced_bytes")
    for table in ("matter_usage", "firm_usage", "firm_quotas"):
        op.drop_table(table)


def _count_what_is_there() -> None:
    """Row-level security is forced on the owner too, who sees nothing without a tenant: lifted meanwhile."""
    op.execute("ALTER TABLE uploads NO FORCE ROW LEVEL SECURITY")
    op.execute(f"INSERT INTO firm_usage (tenant_id, used_bytes) {USED.format(columns='tenant_id')}")
    of_matters = USED.format(columns="tenant_id, matter_id")
    op.execute(f"INSERT INTO matter_usage (tenant_id, matter_id, used_bytes) {of_matters}")
    op.execute("ALTER TABLE uploads FORCE ROW LEVEL SECURITY")
