"""Holds, and the database's own refusal to remove what is held

Triggers run as whoever removes: a role that cannot read holds cannot remove anything either.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

HELD = """
CREATE FUNCTION is_held(tenant uuid, matter uuid, document uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM holds h
        WHERE h.tenant_id = tenant AND h.released_at IS NULL AND (matter IS NULL OR h.matter_id = matter)
            AND (document IS NULL OR h.document_id IS NULL OR h.document_id = document)
    )
$$
"""
"""Of a document: it or its matter is held. Without one: anything in the matter; without that, in the firm."""

REFUSE = """
CREATE FUNCTION refuse_if_held() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    matter uuid;
    document uuid;
BEGIN
    CASE TG_TABLE_NAME
    WHEN 'segments' THEN
        SELECT d.matter_id, d.id INTO matter, document
        FROM versions v JOIN documents d ON d.tenant_id = v.tenant_id AND d.id = v.document_id
        WHERE v.tenant_id = OLD.tenant_id AND v.id = OLD.version_id
            AND v.state IN ('available', 'quarantined');
        IF NOT FOUND THEN
            RETURN OLD;  -- of an upload that never became a version
        END IF;
    WHEN 'versions' THEN
        SELECT d.matter_id, d.id INTO matter, document
        FROM documents d WHERE d.tenant_id = OLD.tenant_id AND d.id = OLD.document_id;
    WHEN 'documents' THEN
        matter := OLD.matter_id;
        document := OLD.id;
    WHEN 'matters' THEN
        matter := OLD.id;
    WHEN 'matter_keys' THEN
        matter := OLD.matter_id;
    ELSE
        NULL;  -- firm_keys: anything in the firm
    END CASE;
    IF is_held(OLD.tenant_id, matter, document) THEN
        RAISE EXCEPTION 'held: % may not be removed', TG_TABLE_NAME USING ERRCODE = 'RWHLD';
    END IF;
    IF TG_OP = 'UPDATE' THEN
        RETURN NEW;
    END IF;
    RETURN OLD;
END $$
"""

KEPT = ("segments", "versions", "documents", "matters", "matter_keys", "firm_keys")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "holds",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("matter_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("placed_by", sa.Uuid(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.Uuid(), nullable=True),
        sa.Column("release_reason_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "(released_at IS NULL) = (released_by IS NULL) AND "
            "(released_at IS NULL) = (release_reason_sealed IS NULL)",
            name=op.f("ck_holds_released"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "matter_id"],
            ["matters.tenant_id", "matters.id"],
            name=op.f("fk_holds_tenant_id_matter_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "document_id"],
            ["documents.tenant_id", "documents.id"],
            name=op.f("fk_holds_tenant_id_document_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_holds")),
    )
    op.create_index(
        op.f("ix_holds_tenant_id_matter_id"),
        "holds",
        ["tenant_id", "matter_id"],
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.execute(HELD)
    op.execute(REFUSE)
    for table in KEPT:
        op.execute(
            f"CREATE TRIGGER refuse_if_held BEFORE DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_if_held()"
        )
    op.execute(
        "CREATE TRIGGER refuse_if_held_change BEFORE UPDATE OF state ON versions FOR EACH ROW "
        "WHEN (OLD.state IN ('available', 'quarantined') AND NEW.state IS DISTINCT FROM OLD.state) "
        "EXECUTE FUNCTION refuse_if_held()"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DROP TRIGGER refuse_if_held_change ON versions")
    for table in KEPT:
        op.execute(f"DROP TRIGGER refuse_if_held ON {table}")
    op.execute("DROP FUNCTION refuse_if_held()")
    op.execute("DROP FUNCTION is_held(uuid, uuid, uuid)")
    op.drop_table("holds")
