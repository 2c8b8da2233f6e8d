"""A scanner that dies, stalls or comes back: nothing is waved through, and nothing is lost."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from tests.harness.clamd import EICAR
from tests.harness.eventually import eventually
from tests.harness.rows import events, row, segments
from tests.harness.scanned import Scanned
from tests.harness.stage import objects_on_disk


@pytest.fixture
def failing(scanned: Scanned) -> Iterator[Scanned]:
    """The scanner may be killed or stopped; it runs again afterwards."""
    yield scanned
    clamd = scanned.clamd
    assert clamd.process is not None
    if clamd.process.poll() is None:
        clamd.resume()
    else:
        clamd.start()


def test_killed_while_it_scans(failing: Scanned) -> None:
    clamd, world = failing.clamd, failing.world
    clamd.pause()
    clean, infected = failing.send(b"clean"), failing.send(EICAR)
    leased = "SELECT lease_owner FROM uploads WHERE id = $1"
    eventually(lambda: row(world.instance, leased, UUID(clean.upload))[0])
    clamd.kill()
    for sent in (clean, infected):
        waiting = failing.when(sent.upload, state="scanning", reason="scanner-unavailable")
        assert waiting["waiting_since"] is not None
        assert failing.fetch(sent.document).status_code == 404
    clamd.start()
    failing.when(clean.upload, state="complete", reason=None)
    failing.when(infected.upload, state="quarantined")
    assert failing.fetch(clean.document).content == b"clean"
    assert len(events(world.instance, clean.document, "document.scanned")) == 1


def test_one_that_does_not_answer_is_given_up_and_asked_again(failing: Scanned) -> None:
    failing.clamd.pause()
    sent = failing.send(b"clean")
    failing.when(sent.upload, state="scanning", reason="scanner-unavailable")
    failing.clamd.resume()
    failing.when(sent.upload, state="complete")


def test_what_is_damaged_before_its_scan_is_rejected(failing: Scanned) -> None:
    failing.clamd.kill()
    sent = failing.send(b"clean until now")
    failing.when(sent.upload, state="scanning", reason="scanner-unavailable")
    (segment,) = segments(failing.world.instance, sent.document)
    objects_on_disk(failing.world.instance)[segment["object_key"]].write_bytes(bytes(segment["sealed_bytes"]))
    failing.clamd.start()
    failing.when(sent.upload, state="rejected", reason="integrity-failure")
    (event,) = events(failing.world.instance, sent.document, "document.scanned")
    assert (event["outcome"], event["reason"]) == ("failed", "integrity-failure")
