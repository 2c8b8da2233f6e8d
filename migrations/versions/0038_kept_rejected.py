"""What was acknowledged is kept under a hold, also when its version is rejected; and what is kept counts

A rejected upload counts for what is kept of it, which is what `received_bytes` says: nothing, once it went.
"""

from alembic import op

revision = "0038"
down_revision = "0036"
branch_labels = None
depends_on = None

_OPEN = """
        WHEN state = 'open' THEN greatest(received, declared, CASE WHEN lease IS NOT NULL THEN announced END)
"""
CHARGE = """
CREATE OR REPLACE FUNCTION charged_bytes(
    state text, received bigint, declared bigint, announced bigint, lease uuid
) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN state IN ({nothing}) THEN 0
        {open}
        ELSE received
    END
$$
"""
REFUSE = """
CREATE OR REPLACE FUNCTION refuse_if_held() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    matter uuid;
    document uuid;
BEGIN
    CASE TG_TABLE_NAME
    WHEN 'segments' THEN
        SELECT d.matter_id, d.id INTO matter, document
        FROM versions v JOIN documents d ON d.tenant_id = v.tenant_id AND d.id = v.document_id
        WHERE v.tenant_id = OLD.tenant_id AND v.id = OLD.version_id AND v.state IN ({kept});
        IF NOT FOUND THEN
            RETURN OLD;  -- of an upload that never came to its end
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
KEPT_BEFORE = "'available', 'quarantined'"
KEPT = f"{KEPT_BEFORE}, 'verifying', 'scanning', 'rejected'"
"""All of such a version was acknowledged."""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # Nothing was kept of these. Row-level security is forced on the owner too, who sees nothing otherwise.
    op.execute("ALTER TABLE uploads NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE uploads SET received_bytes = 0 WHERE state = 'rejected'")
    op.execute("ALTER TABLE uploads FORCE ROW LEVEL SECURITY")
    op.execute(CHARGE.format(nothing="'abandoned'", open=_OPEN))
    op.execute(REFUSE.format(kept=KEPT))


def downgrade() -> None:
    """Only where nothing is kept of what was rejected: it would count for nothing."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(REFUSE.format(kept=KEPT_BEFORE))
    op.execute(CHARGE.format(nothing="'abandoned', 'rejected'", open=_OPEN))
