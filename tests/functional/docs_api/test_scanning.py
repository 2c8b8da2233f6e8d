"""With a scanner, content is there for anybody only once the scanner has said that it may be."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from clients.python.redwell_client import ProblemError
from services.cli.doctor import arrivals
from tests.functional.mailing import kept
from tests.harness.clamd import EICAR, SIGNATURE, STREAM_LIMIT_BYTES
from tests.harness.eventually import eventually
from tests.harness.people import World
from tests.harness.rows import change_of, events, row, rows
from tests.harness.scanned import LARGEST_SCANNED_BYTES, Scanned, Sent, sha256
from tests.harness.stage import content_of

REASON = "A training sample, asked for by the client"
NOTICE = "Content on Redwell was put into quarantine"


def refusal(world: World, who: str, method: str, path: str, body: object = None) -> str:
    with pytest.raises(ProblemError) as refused:
        world[who].client.call(method, path, body)
    return f"{refused.value.status} {refused.value.slug}"


def test_clean_content_becomes_available(scanned: Scanned) -> None:
    sent = scanned.send(b"nothing of note")
    assert sent.answer["version"] is None
    upload = scanned.when(sent.upload, state="complete")
    assert upload["scan"]["result"] == "clean"
    assert upload["scan"]["engine"].startswith("ClamAV ")
    assert (upload["waiting_since"], upload["stalled"], upload["reason"]) == (None, False, None)
    assert scanned.fetch(sent.document).content == b"nothing of note"
    document = scanned.attorney.client.call("GET", f"/v1/documents/{sent.document}")
    assert document["version"]["scan"] == upload["scan"]
    (event,) = events(scanned.world.instance, sent.document, "document.scanned")
    assert (event["outcome"], event["actor_id"], change_of(event)["result"]) == ("allowed", None, "clean")


def test_infected_content_is_nobodys_until_an_attorney_lets_it_out(scanned: Scanned) -> None:
    world, matter = scanned.world, scanned.matter()
    attorney, content = scanned.attorney.client, b"before" + EICAR + b"after"
    before = attorney.changes()["after"]
    upload = scanned.send_by_tus(content, matter)
    view = scanned.when(upload, state="quarantined", reason="infected")
    document = view["document_id"]
    assert (view["scan"]["result"], view["scan"]["signature"]) == ("infected", f"{SIGNATURE}.UNOFFICIAL")
    assert scanned.fetch(document).status_code == 404
    assert refusal(world, "attorney", "GET", f"/v1/documents/{document}") == "404 not-found"
    (held,) = attorney.call("GET", f"/v1/matters/{matter}/quarantine")["items"]
    assert (held["document_id"], held["number"], held["name"]) == (document, 1, "a.bin")
    assert held["sha256"] == sha256(content)
    assert refusal(world, "firm_staff", "GET", f"/v1/matters/{matter}/quarantine") == "404 not-found"
    (event,) = events(world.instance, document, "document.quarantined")
    assert (event["outcome"], event["reason"]) == ("denied", "infected")
    assert change_of(event)["signature"] == f"{SIGNATURE}.UNOFFICIAL"
    told = eventually(lambda: _of(attorney.changes(before)["items"], document))
    assert "document.quarantined" in told
    _is_told_by_mail(scanned, document)

    path = f"/v1/documents/{document}/versions/1/release"
    assert refusal(world, "other_attorney", "POST", path, {"reason": REASON}) == "404 not-found"
    released = attorney.call("POST", path, {"reason": REASON})
    assert (released["version"]["number"], released["version"]["scan"]["result"]) == (1, "infected")
    assert released["version"]["scan"]["released_at"] is not None
    assert scanned.fetch(document).content == content
    assert scanned.upload(upload)["state"] == "complete"
    assert refusal(world, "attorney", "POST", path, {"reason": REASON}) == "404 not-found"
    event, refused = events(world.instance, document, "document.released")
    assert (event["outcome"], refused["outcome"]) == ("allowed", "denied")
    assert REASON.encode() not in event["body"]
    kept_sealed = row(
        world.instance, "SELECT release_reason_sealed FROM versions WHERE id = $1", UUID(held["id"])
    )[0]
    assert kept_sealed is not None
    assert REASON.encode() not in kept_sealed


def _of(items: list[dict[str, str]], document: str) -> list[str]:
    types = [item["type"] for item in items if item["document_id"] == document]
    return types if "document.quarantined" in types else []


def _is_told_by_mail(scanned: Scanned, document: str) -> None:
    def mails() -> list[str]:
        found = kept(scanned.world.instance, scanned.attorney.email)
        return [message.get_content() for message in found if message["Subject"] == NOTICE]

    assert eventually(lambda: [text for text in mails() if document in text])
    assert not any("a.bin" in text for text in mails())


def test_a_quarantined_version_leaves_the_one_before_it(scanned: Scanned) -> None:
    first = scanned.send(b"the first version")
    scanned.when(first.upload, state="complete")
    second = scanned.send(EICAR, first.matter, first.document)
    assert second.answer["version"]["number"] == 1
    scanned.when(second.upload, state="quarantined")
    assert scanned.fetch(first.document).content == b"the first version"


@pytest.mark.parametrize("size", [STREAM_LIMIT_BYTES + 1, LARGEST_SCANNED_BYTES + 1])
def test_too_large_to_scan_is_quarantined_as_configured(scanned: Scanned, size: int) -> None:
    sent = scanned.send(content_of("large", size))
    upload = scanned.when(sent.upload, state="quarantined", reason="too-large")
    assert upload["scan"]["result"] == "too-large"
    # What is beyond Redwell's own limit was not given to clamd at all.
    assert (upload["scan"]["engine"] is None) == (size > LARGEST_SCANNED_BYTES)
    assert scanned.fetch(sent.document).status_code == 404


def test_without_a_scanner_that_is_said(world: World) -> None:
    """The state of every other instance of these tests."""
    attorney = world["attorney"].client
    body = {"name": "unscanned.txt", "folder": "", "class_id": "pleadings"}
    made = attorney.call("POST", f"/v1/matters/{world.matter}/documents", body)
    assert made["upload"]["scan"] is None
    with world.instance.http() as http:
        headers = {"Authorization": f"Bearer {attorney.tokens.access}"}  # type: ignore[union-attr]
        path = f"/v1/uploads/{made['upload']['id']}/content"
        content_type = {"Content-Type": "application/octet-stream"}
        answer = http.put(path, content=b"words", headers=headers | content_type)
    assert answer.json()["version"]["scan"]["result"] == "not-configured"
    upload = attorney.call("GET", f"/v1/uploads/{made['upload']['id']}")
    assert (upload["state"], upload["scan"]["result"]) == ("complete", "not-configured")


@pytest.fixture
def held_up(scanned: Scanned) -> Iterator[Sent]:
    """Content that waits for a scanner that is down."""
    scanned.clamd.kill()
    try:
        sent = scanned.send(b"waits")
        scanned.when(sent.upload, state="scanning", reason="scanner-unavailable")
        yield sent
    finally:
        scanned.clamd.start()


def _long_ago(scanned: Scanned, upload: str) -> None:
    statement = "UPDATE uploads SET waiting_since = waiting_since - interval '2 hours' WHERE id = $1"
    rows(scanned.world.instance, statement, UUID(upload))


def test_the_operator_retries_and_rejects_what_has_stalled(scanned: Scanned, held_up: Sent) -> None:
    world, operator = scanned.world, scanned.world.operator.client
    path = f"/v1/organizations/{world.firm}/uploads/{held_up.upload}"
    assert scanned.upload(held_up.upload)["stalled"] is False
    with pytest.raises(ProblemError) as refused:
        operator.call("POST", f"{path}/reject")
    assert refused.value.slug == "upload-not-stalled"
    _long_ago(scanned, held_up.upload)
    assert scanned.upload(held_up.upload)["stalled"] is True
    stalled = operator.call("GET", "/v1/stalled-uploads", limit="200")["items"]
    (found,) = [item for item in stalled if item["id"] == held_up.upload]
    assert (found["organization_id"], found["state"]) == (world.firm, "scanning")
    assert refusal(world, "attorney", "GET", "/v1/stalled-uploads") == "403 forbidden"
    operator.call("POST", f"{path}/retry")
    scanned.when(held_up.upload, state="scanning", reason="scanner-unavailable")
    operator.call("POST", f"{path}/reject")
    upload = scanned.upload(held_up.upload)
    assert (upload["state"], upload["reason"]) == ("rejected", "rejected-by-operator")
    with pytest.raises(ProblemError) as refused:
        operator.call("POST", f"{path}/retry")
    assert refused.value.status == 404
    elsewhere = f"/v1/organizations/{uuid4()}/uploads/{held_up.upload}"
    with pytest.raises(ProblemError) as refused:
        operator.call("POST", f"{elsewhere}/retry")
    assert refused.value.status == 404
    (event,) = events(world.instance, held_up.document, "upload.rejected")
    assert (str(event["tenant_id"]), str(event["actor_id"])) == (world.firm, world.operator.id)


def test_the_doctor_asks_the_scanner(scanned: Scanned) -> None:
    (found,) = arrivals.scanner({"REDWELL_SCANNER": scanned.clamd.url})
    assert (found.verdict, "ClamAV" in found.text) == ("fine", True)
    (found,) = arrivals.scanner({"REDWELL_SCANNER": f"{scanned.clamd.url}.not"})
    assert (found.verdict, "cannot be reached" in found.text) == ("mend", True)
