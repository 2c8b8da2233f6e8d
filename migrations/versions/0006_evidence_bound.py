"""Evidence bound to itself: a digest is its body's, and what waits for a leaf is an event.

No role of a service can then leave a row that stops the sequencer or spoils a log.
"""

from alembic import op

revision = "0006"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_check_constraint(op.f("ck_events_digest"), "events", "sha256 = sha256(body)")
    op.create_foreign_key(
        op.f("fk_event_queue_tenant_id_event_id"),
        "event_queue",
        "events",
        ["tenant_id", "event_id"],
        ["tenant_id", "id"],
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_constraint(op.f("fk_event_queue_tenant_id_event_id"), "event_queue", type_="foreignkey")
    op.drop_constraint(op.f("ck_events_digest"), "events", type_="check")
