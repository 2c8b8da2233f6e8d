"""Receipts as people get them: of an upload and of a delivery, from either end, proven with no server."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from clients.python.redwell_client import ProblemError
from services.audit.offline.receipt import ReceiptReport, verify_receipt
from tests.functional.test_commands import redwell
from tests.harness.eventually import eventually
from tests.harness.people import Person, World, invite, matter_body
from tests.harness.stage import authorization, content_of

CONTENT = content_of("receipt", 70_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def matter(world: World) -> str:
    made = world["attorney"].client.call("POST", "/v1/matters", matter_body(world["attorney"].id))
    return str(made["id"])


@pytest.fixture
def http(world: World) -> Iterator[httpx.Client]:
    with world.instance.http() as client:
        yield client


@pytest.fixture
def reader(world: World) -> Iterator[Person]:
    """A paralegal of this test's own, acting for the firm."""
    person = invite(world.instance, world["provider_admin"], ["paralegal"], "reader")
    person.client.act_for(world.firm)
    yield person
    person.client.close()


def _proven(world: World, person: Person, header: str) -> ReceiptReport:
    return verify_receipt(person.client.receipt(header), world.instance.fingerprint)


def test_upload_and_delivery_are_proven_with_no_server(
    world: World, http: httpx.Client, matter: str, tmp_path: Path
) -> None:
    attorney = world["attorney"]
    draft = {"name": "brief.txt", "folder": "", "class_id": "pleadings"}
    made = attorney.client.call("POST", f"/v1/matters/{matter}/documents", draft)
    octets = {**authorization(attorney), "Content-Type": "application/octet-stream"}
    put = http.put(f"/v1/uploads/{made['upload']['id']}/content", content=CONTENT, headers=octets)
    document = f"/v1/documents/{made['document']['id']}/content"
    got = http.get(document, headers=authorization(attorney))
    assert (put.status_code, got.content == CONTENT) == (200, True)

    (received,) = _proven(world, attorney, put.headers["redwell-event"]).events
    assert (received["type"], received["outcome"]) == ("document.received", "allowed")
    assert (received["content"]["sha256"], received["content"]["len"]) == (DIGEST, len(CONTENT))
    assert received["actor"]["id"] == attorney.id

    fetched, delivered = _with_its_end(world, attorney, got.headers["redwell-event"])
    assert (fetched["content"]["sha256"], fetched["object"]["matter"]) == (DIGEST, matter)
    assert delivered["change"] == {"bytes": len(CONTENT), "of": len(CONTENT), "complete": True}

    file = tmp_path / "receipt.json"
    file.write_bytes(attorney.client.receipt(got.headers["redwell-event"]))
    proof = redwell("audit", "verify", str(file), "--pin", world.instance.fingerprint)
    assert (proof.returncode, proof.stdout[:8]) == (0, "VERIFIED")
    assert f"{len(CONTENT)} of {len(CONTENT)} bytes, complete" in proof.stdout
    assert redwell("audit", "verify", str(file), XDG_CONFIG_HOME=str(tmp_path)).returncode == 3
    file.write_bytes(file.read_bytes().replace(DIGEST.encode(), b"0" * 64))
    assert redwell("audit", "verify", str(file), "--pin", world.instance.fingerprint).returncode == 1

    assert world["officer"].client.receipt(got.headers["redwell-event"])
    for stranger in (world["firm_staff"], world["other_officer"], world["paralegal"]):
        with pytest.raises(ProblemError) as caught:
            stranger.client.receipt(got.headers["redwell-event"])
        assert caught.value.status == 404


def _with_its_end(world: World, person: Person, header: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """A fetch and how it ended; the end is written after the last byte has gone."""

    def both() -> tuple[Mapping[str, Any], ...] | None:
        events = _proven(world, person, header).events
        return events if len(events) > 1 else None

    fetched, delivered = eventually(both)
    return fetched, delivered


def test_a_paralegals_delivery(world: World, http: httpx.Client, reader: Person, tmp_path: Path) -> None:
    world.grant(reader, ["correspondence"])
    document = world.put(tmp_path, "letter.txt", CONTENT, "correspondence")["id"]
    got = http.get(f"/v1/documents/{document}/content", headers=authorization(reader))
    assert got.status_code == 200
    report = _proven(world, reader, got.headers["redwell-event"])
    assert report.tenant == world.firm
    actor = report.events[0]["actor"]
    assert (actor["id"], actor["org"]) == (reader.id, world.provider)
