"""What must hold of the log after any fault: no answer without its event, no gap, and it verifies."""

from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

from services.audit.offline.report import Report, Scope
from services.audit.offline.verify import verify_bundle
from tests.harness.people import World
from tests.harness.rows import row, rows, wait_until_sequenced

_GAPS = """
SELECT count(*) FROM trees t WHERE t.size <> (SELECT count(*) FROM leaves l WHERE l.tenant_id = t.tenant_id)
    OR t.size <> (SELECT max(idx) + 1 FROM leaves l WHERE l.tenant_id = t.tenant_id)
"""
_UNSEQUENCED = """
SELECT count(*) FROM events e
WHERE NOT EXISTS (SELECT FROM leaves l WHERE l.tenant_id = e.tenant_id AND l.event_id = e.id)
"""


def check_ledger(world: World, folder: Path, headers: Iterable[str] = ()) -> Report:
    """Check the log of everybody, and verify the firm's offline. `headers`: each `Redwell-Event` answered."""
    instance = world.instance
    wait_until_sequenced(instance)
    # The sequencer goes on; one statement sees one moment.
    assert row(instance, _GAPS)[0] == 0
    assert row(instance, _UNSEQUENCED)[0] == 0
    check_headers(world, headers)
    bundle = folder / "bundle.zip"
    world["officer"].client.bundle(bundle)
    report = verify_bundle(bundle, instance.fingerprint)
    assert report.pinned
    assert report.scope is Scope.EVERYTHING
    return report


def check_headers(world: World, headers: Iterable[str]) -> None:
    """Return if the log holds every event that an answer named, with its digest."""
    named = {UUID(event): digest for event, digest in (header.split("; sha256=") for header in headers)}
    found = rows(world.instance, "SELECT id, sha256 FROM events WHERE id = ANY ($1)", list(named))
    assert {record["id"]: record["sha256"].hex() for record in found} == named
