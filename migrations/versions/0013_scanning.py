"""Versions that wait for a scan, what it came to, and what is let out of the quarantine

A hold does not keep anybody from letting content out of the quarantine: nothing is removed by it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0017"
branch_labels = None
depends_on = None

_VERSIONS = "state IN ('receiving', 'verifying', 'available', 'rejected', 'quarantined', 'abandoned')"
_VERSIONS_NOW = (
    "state IN ('receiving', 'verifying', 'scanning', 'available', 'rejected', 'quarantined', 'abandoned')"
)
_UPLOADS = "state IN ('open', 'verifying', 'complete', 'rejected', 'abandoned')"
_UPLOADS_NOW = (
    "state IN ('open', 'verifying', 'scanning', 'complete', 'rejected', 'quarantined', 'abandoned')"
)
_RESULTS = "scan_result IN ('not-configured', 'clean', 'infected', 'too-large', 'too-large-accepted')"
_RELEASED = (
    "(released_at IS NULL) = (released_by IS NULL) AND "
    "(released_at IS NULL) = (release_reason_sealed IS NULL)"
)
_LEAVES = "OLD.state IN ('available', 'quarantined') AND NEW.state IS DISTINCT FROM OLD.state"
_IS_REMOVED = f"{_LEAVES} AND NOT (OLD.state = 'quarantined' AND NEW.state = 'available')"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _states("versions", _VERSIONS_NOW)
    _states("uploads", _UPLOADS_NOW)
    for name in ("scan_result", "scan_engine", "scan_signature"):
        op.add_column("versions", sa.Column(name, sa.Text()))
    for name in ("scanned_at", "released_at"):
        op.add_column("versions", sa.Column(name, sa.DateTime(timezone=True)))
    op.add_column("versions", sa.Column("released_by", sa.Uuid()))
    op.add_column("versions", sa.Column("release_reason_sealed", sa.LargeBinary()))
    op.create_check_constraint(op.f("ck_versions_scan_result"), "versions", _RESULTS)
    op.create_check_constraint(op.f("ck_versions_released"), "versions", _RELEASED)
    for name in ("waiting_since", "next_attempt_at"):
        op.add_column("uploads", sa.Column(name, sa.DateTime(timezone=True)))
    op.add_column("uploads", sa.Column("attempts", sa.BigInteger(), nullable=False, server_default="0"))
    op.alter_column("uploads", "attempts", server_default=None)
    op.add_column("uploads", sa.Column("reason", sa.Text()))
    _held(_IS_REMOVED)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _held(_LEAVES)
    for name in ("reason", "attempts", "next_attempt_at", "waiting_since"):
        op.drop_column("uploads", name)
    for name in ("released", "scan_result"):
        op.drop_constraint(op.f(f"ck_versions_{name}"), "versions", type_="check")
    for name in ("release_reason_sealed", "released_by", "released_at", "scanned_at"):
        op.drop_column("versions", name)
    for name in ("scan_signature", "scan_engine", "scan_result"):
        op.drop_column("versions", name)
    _states("uploads", _UPLOADS)
    _states("versions", _VERSIONS)


def _states(table: str, states: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_state"), table, type_="check")
    op.create_check_constraint(op.f(f"ck_{table}_state"), table, states)


def _held(when: str) -> None:
    op.execute("DROP TRIGGER refuse_if_held_change ON versions")
    op.execute(
        "CREATE TRIGGER refuse_if_held_change BEFORE UPDATE OF state ON versions FOR EACH ROW "
        f"WHEN ({when}) EXECUTE FUNCTION refuse_if_held()"
    )
