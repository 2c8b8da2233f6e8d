"""What keeps a grant shut, what its holder is told of it, and that nobody else is told anything."""

import json
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from clients.python.redwell_client import ProblemError
from tests.functional.docs_api.moving import fetch_rows, open_request, wait_for_end
from tests.harness.calls import OPERATIONS, Caller
from tests.harness.people import Person, World, invite, matter_body

TEXT = "I keep what I read to myself.\nI return it when asked.\n"
OPENING = ("matters.get", "documents.list", "documents.get", "documents.fetch")


@dataclass
class Scene:
    """An engagement of its own with one holder of a grant on one document."""

    world: World
    caller: Caller
    holder: Person
    engagement: str
    matter: str
    document: str

    def admin(self, method: str, path: str, body: object = None) -> Any:
        return self.world["firm_admin"].client.call(method, path, body)

    def attorney(self, method: str, path: str, body: object = None) -> Any:
        return self.world["attorney"].client.call(method, path, body)

    def publish(self, text: str = TEXT) -> Any:
        return self.admin("POST", f"/v1/engagements/{self.engagement}/nda-versions", {"text": text})

    def sign(self, version: int, text: str = TEXT) -> Any:
        digest = sha256(text.encode()).hexdigest()
        body = {"engagement_id": self.engagement, "version": version, "sha256": digest}
        return self.holder.client.call("POST", "/v1/nda-signatures", body)

    def asked(self, person: Person, operation: str) -> httpx.Response:
        return self.caller.call(
            OPERATIONS[operation], person, matter_id=self.matter, document_id=self.document
        )

    def waits_for(self) -> set[str]:
        """What every way in answers to the holder: 200, or the condition."""
        answers = [self.asked(self.holder, operation) for operation in OPENING]
        return {
            "open" if answer.status_code == 200 else f"{answer.status_code} {answer.json()['condition']}"
            for answer in answers
        }

    def listed(self) -> list[Any]:
        """The conditions of the holder's own grants under this engagement."""
        own = [row for row in self.holder.client.pages("/v1/grants") if row["matter_id"] == self.matter]
        assert len(own) == 1
        shown: list[Any] = own[0]["conditions"]
        given = next(iter(self.world["attorney"].client.pages(f"/v1/matters/{self.matter}/grants")))
        assert given["conditions"] == [entry["condition"] for entry in shown]
        return shown


@pytest.fixture(scope="module")
def caller(world: World) -> Iterator[Caller]:
    made = Caller(world.instance)
    yield made
    made.close()


@pytest.fixture(scope="module")
def holder(world: World) -> Iterator[Person]:
    person = invite(world.instance, world["provider_admin"], ["paralegal"], "holder")
    person.client.act_for(world.firm)
    yield person
    person.client.close()


@pytest.fixture
def scene(world: World, caller: Caller, holder: Person, tmp_path: Path) -> Scene:
    return stage(world, caller, holder, tmp_path)


def stage(world: World, caller: Caller, holder: Person, folder: Path, **terms: object) -> Scene:
    holder.client.refresh()
    service = f"review {secrets.token_hex(4)}"  # each scene has an engagement of its own
    terms = {"provider_id": world.provider, "services": [service], **terms}
    engagement = world["firm_admin"].client.call("POST", "/v1/engagements", terms)["id"]
    attorney = world["attorney"].client
    matter = attorney.call("POST", "/v1/matters", matter_body(world["attorney"].id))["id"]
    path = folder / "brief.txt"
    path.write_bytes(b"a brief")
    document = attorney.put(matter, path, "pleadings")["id"]
    grant = {
        "member_id": holder.id,
        "engagement_id": engagement,
        "classes": ["pleadings"],
        "ends_at": (world.instance.clock.now() + timedelta(days=7)).isoformat(),
        "purpose": "Review",
    }
    attorney.call("POST", f"/v1/matters/{matter}/grants", grant)
    return Scene(world, caller, holder, engagement, matter, document)


def _refusal(call: Any, *values: Any) -> str:
    with pytest.raises(ProblemError) as refused:
        call(*values)
    return f"{refused.value.status} {refused.value.slug}"


def test_a_new_text_shuts_every_grant_until_it_is_signed(scene: Scene) -> None:
    assert scene.waits_for() == {"open"}
    assert scene.publish()["version"] == 1
    assert scene.waits_for() == {"403 nda-unsigned"}
    assert scene.listed() == [
        {
            "condition": "nda-unsigned",
            "lifted_by": "yourself, acting for the firm",
            "operation": "nda.sign",
            "engagement_id": scene.engagement,
            "version": 1,
        }
    ]
    assert scene.sign(1)["version"] == 1
    assert (scene.waits_for(), scene.listed()) == ({"open"}, [])
    assert scene.publish("Another text.")["version"] == 2
    assert scene.waits_for() == {"403 nda-unsigned"}
    assert _refusal(scene.sign, 1) == "409 nda-superseded"
    scene.sign(2, "Another text.")
    assert scene.waits_for() == {"open"}


def test_the_refusal_names_the_condition_and_nothing_of_the_matter(scene: Scene) -> None:
    scene.publish()
    told = scene.asked(scene.holder, "documents.fetch").json()
    assert told["type"].endswith("/nda-unsigned")
    assert (told["engagement_id"], told["version"], told["operation"]) == (scene.engagement, 1, "nda.sign")
    assert told["operation"] in OPERATIONS
    for stranger in ("ungranted", "other_attorney"):
        for operation in OPENING:
            answer = scene.asked(scene.world[stranger], operation)
            assert (stranger, operation, answer.status_code) == (stranger, operation, 404)
            assert "condition" not in answer.json()


def test_both_parties_read_the_text_and_no_other(scene: Scene) -> None:
    scene.publish()
    path = f"/v1/engagements/{scene.engagement}/nda"
    for person in (
        scene.holder,
        scene.world["ungranted"],
        scene.world["firm_admin"],
        scene.world["attorney"],
    ):
        read = person.client.call("GET", path)
        assert (read["text"], read["current"]) == (TEXT, True)
        assert read["sha256"] == sha256(TEXT.encode()).hexdigest()
    assert _refusal(scene.world["other_admin"].client.call, "GET", path) == "404 not-found"
    assert _refusal(scene.holder.client.call, "GET", f"{path}?version=9") == "404 not-found"


def test_a_signature_is_of_the_text_that_was_read(scene: Scene) -> None:
    assert _refusal(scene.sign, 1) == "422 invalid-input"
    scene.publish()
    assert _refusal(scene.sign, 1, "Another text.") == "422 invalid-input"
    assert _refusal(scene.sign, 2) == "422 invalid-input"
    assert scene.waits_for() == {"403 nda-unsigned"}


def test_of_fifty_signatures_at_once_one_is_recorded(scene: Scene) -> None:
    scene.publish()

    def sign(_: int) -> str:
        try:
            scene.sign(1)
        except ProblemError as refused:
            return refused.slug
        return "signed"

    with ThreadPoolExecutor(25) as pool:
        answers = sorted(pool.map(sign, range(50)))
    assert answers == ["nda-signed"] * 49 + ["signed"]
    recorded = fetch_rows(
        scene.world.instance,
        "SELECT body FROM events WHERE type = 'nda.signed' AND outcome = 'allowed' AND object_id = $1",
        scene.engagement,
    )
    assert len(recorded) == 1
    digest = sha256(TEXT.encode()).hexdigest()
    assert json.loads(recorded[0]["body"])["change"] == {"version": 1, "sha256": digest}


def test_nothing_opens_before_the_client_consents(
    world: World, caller: Caller, holder: Person, tmp_path: Path
) -> None:
    scene = stage(world, caller, holder, tmp_path, consent_required=True)
    assert scene.waits_for() == {"403 consent-missing"}
    path, body = f"/v1/matters/{scene.matter}/consents", {"note": "By letter"}
    later = (world.instance.clock.now() + timedelta(days=1)).isoformat()
    assert _refusal(scene.attorney, "POST", path, body | {"given_at": later}) == "422 invalid-input"
    body["given_at"] = "2026-01-02T00:00:00Z"
    consent = scene.attorney("POST", path, body)
    assert _refusal(scene.attorney, "POST", path, body) == "409 consent-recorded"
    assert scene.waits_for() == {"open"}
    withdraw = f"/v1/consents/{consent['id']}/withdraw"
    assert _refusal(world["other_attorney"].client.call, "POST", withdraw) == "404 not-found"
    scene.attorney("POST", withdraw)
    assert _refusal(scene.attorney, "POST", withdraw) == "409 consent-withdrawn"
    assert scene.waits_for() == {"403 consent-missing"}
    assert [row["note"] for row in world["attorney"].client.pages(path)] == ["By letter"]


def test_only_people_in_the_countries_named_are_let_in(
    world: World, caller: Caller, holder: Person, tmp_path: Path
) -> None:
    scene = stage(world, caller, holder, tmp_path, countries=["IN", "PH"])
    path = f"/v1/members/{holder.id}/country"
    for country, expected in (("US", "403 country-not-allowed"), ("IN", "open")):
        world["provider_admin"].client.call("PUT", path, {"country": country})
        assert scene.waits_for() == {expected}
    world["provider_admin"].client.call("PUT", path, {"country": None})
    assert scene.waits_for() == {"403 country-not-allowed"}
    assert (
        _refusal(world["provider_admin"].client.call, "PUT", path, {"country": "XX"}) == "422 invalid-input"
    )
    stranger = f"/v1/members/{world['attorney'].id}/country"
    assert (
        _refusal(world["provider_admin"].client.call, "PUT", stranger, {"country": "IN"}) == "404 not-found"
    )


def test_a_grant_waits_for_its_engagement_to_begin(
    world: World, caller: Caller, holder: Person, tmp_path: Path
) -> None:
    soon = (world.instance.clock.now() + timedelta(days=1)).isoformat()
    scene = stage(world, caller, holder, tmp_path, starts_at=soon)
    assert scene.waits_for() == {"403 engagement-not-begun"}
    scene.admin("POST", f"/v1/engagements/{scene.engagement}/end")
    assert scene.waits_for() == {"403 engagement-ended"}
    assert _refusal(scene.publish) == "409 engagement-over"


def test_the_term_is_changed_by_who_has_seen_it(scene: Scene) -> None:
    path = f"/v1/engagements/{scene.engagement}"
    admin = scene.world["firm_admin"]
    assert admin.client.tokens is not None
    headers = {"Authorization": f"Bearer {admin.client.tokens.access}"}

    def change(etag: str | None, **body: object) -> tuple[int, Any]:
        match = {"If-Match": etag} if etag else {}
        answer = scene.caller.http.patch(path, json=body, headers=headers | match)
        return answer.status_code, answer.json()

    end = "2030-01-01T00:00:00Z"
    assert change(None, ends_at=end)[0] == 428
    assert change('"7"', ends_at=end)[0] == 412
    status, changed = change('"1"', ends_at=end)
    assert (status, changed["ends_at"], changed["etag"]) == (200, end, '"2"')
    assert change('"2"', ends_at="2020-01-01T00:00:00Z")[0] == 422
    assert change('"2"', ends_at=end, starts_at="2029-01-01T00:00:00Z")[0] == 409
    assert change('"2"', ends_at=None)[1]["ends_at"] is None


def test_a_new_text_ends_a_running_transfer(scene: Scene, tmp_path: Path) -> None:
    path = tmp_path / "long.bin"
    path.write_bytes(bytes(24 * 1024 * 1024))
    document = scene.world["attorney"].client.put(scene.matter, path, "pleadings")["id"]
    head = f"GET /v1/documents/{document}/content"
    with open_request(scene.world.instance, scene.holder, head, receive_bytes=65536) as connection:
        assert connection.recv(1024).startswith(b"HTTP/1.1 200")
        scene.publish()
        end = wait_for_end(scene.world.instance, document, "document.delivered", "access-ended")
    assert end["change"]["complete"] is False
