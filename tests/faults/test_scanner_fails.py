"""A scanner that dies, stalls or comes back: nothing is waved through, and nothing is lost."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from tests.harness.clamd import EICAR
from tests.harness.eventually import eventually
from tests.harness.rows import events, row, rows, segments
from tests.harness.scanned import Scanned, Sent
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


def begun(scanned: Scanned, content: bytes) -> Sent:
    """Content that a process is at, with a scanner that does not answer."""
    scanned.clamd.pause()
    sent, leased = scanned.send(content), "SELECT lease_owner FROM uploads WHERE id = $1"
    eventually(lambda: row(scanned.world.instance, leased, UUID(sent.upload))[0])
    return sent


def test_killed_while_it_scans(failing: Scanned) -> None:
    clamd, world = failing.clamd, failing.world
    clean, infected = begun(failing, b"clean"), failing.send(EICAR)
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
    sent = begun(failing, b"clean")
    # What holds up scans holds up no verification.
    failing.when(failing.send_by_tus(b"in parts", sent.matter), state="scanning")
    failing.when(sent.upload, state="scanning", reason="scanner-unavailable")
    failing.clamd.resume()
    failing.when(sent.upload, state="complete")


def test_who_has_lost_the_lease_decides_nothing(failing: Scanned) -> None:
    instance, sent = failing.world.instance, begun(failing, b"clean")
    taken = "UPDATE uploads SET lease_owner = $2, lease_expires_at = now() + interval '1 hour' WHERE id = $1"
    rows(instance, taken, UUID(sent.upload), uuid4())
    failing.clamd.resume()
    # It says that it found the lease lost, or on a slow machine that the scanner took too long.
    eventually(lambda: [line for line in instance.log.read_text().splitlines() if sent.upload in line])
    assert failing.upload(sent.upload)["state"] == "scanning"
    assert events(instance, sent.document, "document.scanned") == []
    rows(instance, "UPDATE uploads SET lease_expires_at = now() WHERE id = $1", UUID(sent.upload))
    failing.when(sent.upload, state="complete")
    assert len(events(instance, sent.document, "document.scanned")) == 1


def test_a_matter_that_is_closed_meanwhile_keeps_what_came(failing: Scanned) -> None:
    failing.clamd.kill()
    sent = failing.send(b"acknowledged")
    rows(failing.world.instance, "UPDATE matters SET state = 'closed' WHERE id = $1", UUID(sent.matter))
    failing.clamd.start()
    failing.when(sent.upload, state="complete")
    assert failing.fetch(sent.document).content == b"acknowledged"


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
