"""Requests of the tus protocol that bring bytes when they may no longer: they end, and are told why."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import httpx
import pytest

from tests.harness.eventually import allowed, eventually
from tests.harness.people import Person, World, invite, matter_body
from tests.harness.resumable import Upload, create_at, metadata, patch
from tests.harness.rows import change_of, events, row, rows, segments
from tests.harness.stage import MIB, content_of, staged
from tests.harness.wire import Wire

SIZE, KEPT = 20 * MIB, 8 * MIB
LIFETIME_SECONDS = 240


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    # The sweeper stays away: it must not be what ends these uploads.
    told = {
        "REDWELL_UPLOAD_LIFETIME_SECONDS": str(LIFETIME_SECONDS),
        "REDWELL_SWEEP_INTERVAL_SECONDS": "86400",
    }
    with staged("embedded", **told) as built:
        yield built


@pytest.fixture
def http(world: World) -> Iterator[httpx.Client]:
    with world.instance.http() as client:
        yield client


@dataclass
class Running:
    """A person with a matter of their own, and an upload into it that is on its way."""

    world: World
    person: Person
    matter: str
    upload: Upload
    id: UUID
    document: str

    @property
    def received(self) -> int:
        return int(row(self.world.instance, "SELECT received_bytes FROM uploads WHERE id = $1", self.id)[0])

    def leave_matter(self) -> None:
        path = f"/v1/matters/{self.matter}/people/{self.person.id}"
        self.world["attorney"].client.call("DELETE", path)

    def end_session(self) -> None:
        self.person.client.call("POST", "/v1/sign-out")

    def close_matter(self) -> None:
        rows(self.world.instance, "UPDATE matters SET state = 'closed' WHERE id = $1", UUID(self.matter))

    def withdraw(self) -> None:
        statement = "UPDATE documents SET state = 'withdrawn' WHERE id = $1"
        rows(self.world.instance, statement, UUID(self.document))

    def revoke_root(self) -> None:
        """Until `running` is over: the firm is everybody's here."""
        statement = "INSERT INTO firm_roots (tenant_id, changed_at, revoked_at) VALUES ($1, now(), now())"
        rows(self.world.instance, statement, UUID(self.world.firm))

    def run_out(self) -> None:
        self.world.instance.clock.advance(LIFETIME_SECONDS + 1)

    def end_capability(self) -> None:
        """As if it had been given for a shorter time than the upload has."""
        statement = "UPDATE upload_capabilities SET expires_at = created_at WHERE upload_id = $1"
        rows(self.world.instance, statement, self.id)


@contextmanager
def running(world: World, http: httpx.Client) -> Iterator[Running]:
    world.renew()
    attorney = world["attorney"]
    person = invite(world.instance, world["firm_admin"], ["firm_staff"], "sender")
    matter = attorney.client.call("POST", "/v1/matters", matter_body(attorney.id))["id"]
    attorney.client.call("PUT", f"/v1/matters/{matter}/people/{person.id}")
    told = metadata(filename="a.bin", **{"class": "pleadings"})
    answer = create_at(f"/v1/matters/{matter}/tus", http, person, SIZE, Upload_Metadata=told)
    assert answer.status_code == 201, answer.text
    upload = UUID(answer.headers["redwell-upload"])
    (document,) = row(world.instance, "SELECT document_id FROM uploads WHERE id = $1", upload)
    where = Upload(http, answer.headers["location"])
    try:
        yield Running(world, person, matter, where, upload, str(document))
    finally:
        person.client.close()
        rows(world.instance, "DELETE FROM firm_roots")


ENDS: list[tuple[Callable[[Running], None], tuple[int, str, str]]] = [
    (Running.leave_matter, (404, "not-found", "access-ended")),
    (Running.end_session, (401, "session-ended", "session-ended")),
    (Running.close_matter, (409, "matter-closed", "matter-closed")),
    (Running.withdraw, (409, "document-withdrawn", "document-withdrawn")),
    (Running.revoke_root, (503, "firm-key-unavailable", "firm-key-unavailable")),
    (Running.run_out, (409, "upload-closed", "expired")),
    (Running.end_capability, (409, "upload-closed", "expired")),
]


@pytest.mark.parametrize(("end", "told"), ENDS, ids=[end.__name__ for end, _ in ENDS])
def test_it_ends_with_its_reason_and_keeps_what_was_acknowledged(
    world: World, http: httpx.Client, end: Callable[[Running], None], told: tuple[int, str, str]
) -> None:
    with running(world, http) as sent, Wire(world.instance) as wire:
        patch(wire, sent.person, sent.upload, SIZE)
        wire.send(content_of("ends", KEPT + MIB))
        eventually(lambda: sent.received)
        end(sent)
        started, failed = eventually(lambda: _ended(sent), allowed(2.5))
        answered, headers, body = wire.head()
        body += wire.rest()
    status, slug, reason = told
    assert (answered, f'/{slug}"'.encode() in body, "redwell-event" in headers) == (status, True, True)
    assert (started["outcome"], failed["outcome"], failed["reason"]) == ("info", "failed", reason)
    assert change_of(failed) == {"received": KEPT}
    assert sent.received == KEPT
    assert [found["length_bytes"] for found in segments(world.instance, sent.document)] == [KEPT]


def _ended(sent: Running) -> list[asyncpg.Record] | None:
    found = events(sent.world.instance, sent.document, "document.received")
    return found if len(found) > 1 else None
