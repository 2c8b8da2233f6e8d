"""Teams, and grants to a team: whoever is in it now may use them, and nobody else."""

import json
import secrets
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from clients.python.redwell_client import ProblemError
from tests.functional.docs_api.moving import fetch_rows, open_request, wait_for_end
from tests.harness.calls import OPERATIONS, Caller
from tests.harness.people import Person, World, invite, matter_body
from tests.harness.rows import wait_until_sequenced
from tests.harness.stage import LONG, authorization

OPENING = ("matters.get", "documents.list", "documents.get", "documents.fetch")


class Scene:
    """A matter of its own with one document, and a team of the provider with one member."""

    def __init__(self, world: World, caller: Caller, holder: Person, folder: Path) -> None:
        self.world, self.caller, self.holder = world, caller, holder
        self.engagement: str = self.firm("POST", "/v1/engagements", self._terms())["id"]
        self.matter: str = self.attorney("POST", "/v1/matters", matter_body(world["attorney"].id))["id"]
        path = folder / "brief.txt"
        path.write_bytes(b"a brief")
        self.document: str = world["attorney"].client.put(self.matter, path, "pleadings")["id"]
        self.team = self.new_team()
        self.join(holder)

    def _terms(self) -> dict[str, object]:
        return {"provider_id": self.world.provider, "services": [f"review {secrets.token_hex(4)}"]}

    def firm(self, method: str, path: str, body: object = None) -> Any:
        return self.world["firm_admin"].client.call(method, path, body)

    def attorney(self, method: str, path: str, body: object = None) -> Any:
        return self.world["attorney"].client.call(method, path, body)

    def provider(self, method: str, path: str, body: object = None) -> Any:
        return self.world["provider_admin"].client.call(method, path, body)

    def new_team(self) -> str:
        made = self.provider("POST", "/v1/teams", {"name": f"Review {secrets.token_hex(4)}"})
        return str(made["id"])

    def join(self, person: Person) -> Any:
        return self.provider("PUT", f"/v1/teams/{self.team}/members/{person.id}")

    def leave(self, person: Person) -> None:
        self.provider("DELETE", f"/v1/teams/{self.team}/members/{person.id}")

    def grant(self, **changes: object) -> Any:
        end = (self.world.instance.clock.now() + timedelta(days=7)).isoformat()
        body = {
            "team_id": self.team,
            "engagement_id": self.engagement,
            "classes": ["pleadings"],
            "ends_at": end,
            "purpose": "Review",
            **changes,
        }
        return self.attorney("POST", f"/v1/matters/{self.matter}/grants", body)

    def ways_in(self, person: Person) -> set[object]:
        """What every way in answers: 200, 404, or the condition that is not met."""
        answers = [
            self.caller.call(OPERATIONS[name], person, matter_id=self.matter, document_id=self.document)
            for name in OPENING
        ]
        return {
            answer.json()["condition"] if answer.status_code == 403 else answer.status_code
            for answer in answers
        }

    def events(self, kind: str, about: str) -> list[Any]:
        rows = fetch_rows(
            self.world.instance,
            "SELECT tenant_id::text, body FROM events"
            " WHERE type = $1 AND object_id::text = $2 ORDER BY at, id",
            kind,
            about,
        )
        return [{"tenant": row["tenant_id"], **json.loads(row["body"])} for row in rows]


@pytest.fixture(scope="module")
def caller(world: World) -> Iterator[Caller]:
    made = Caller(world.instance)
    yield made
    made.close()


@pytest.fixture(scope="module")
def people(world: World) -> Iterator[list[Person]]:
    """Three of the provider's people, acting for the firm."""
    world.renew()
    made = [invite(world.instance, world["provider_admin"], ["paralegal"], name) for name in ("ann", "ben")]
    for person in made:
        person.client.act_for(world.firm)
    yield made
    for person in made:
        person.client.close()


@pytest.fixture
def scene(world: World, caller: Caller, people: list[Person], tmp_path: Path) -> Scene:
    for person in people:
        person.client.refresh()
    return Scene(world, caller, people[0], tmp_path)


def _refusal(call: Any, *values: Any, **named: Any) -> str:
    with pytest.raises(ProblemError) as refused:
        call(*values, **named)
    return f"{refused.value.status} {refused.value.slug}"


def test_whoever_is_in_the_team_now_gets_in(scene: Scene, people: list[Person]) -> None:
    ann, ben = people
    given = scene.grant()
    assert (given["member_id"], given["team_id"], given["conditions"]) == (None, scene.team, [])
    assert (scene.ways_in(ann), scene.ways_in(ben)) == ({200}, {404})
    scene.join(ben)
    scene.leave(ann)
    assert (scene.ways_in(ann), scene.ways_in(ben)) == ({404}, {200})
    own = [row for row in ben.client.pages("/v1/grants") if row["matter_id"] == scene.matter]
    assert [(row["id"], row["team_id"]) for row in own] == [(given["id"], scene.team)]
    assert [row["id"] for row in ann.client.pages("/v1/grants") if row["matter_id"] == scene.matter] == []


def test_the_log_names_team_grant_and_person(scene: Scene, people: list[Person]) -> None:
    ann, ben = people
    given = scene.grant()
    assert scene.ways_in(ann) == {200}
    assert [row["change"]["team"] for row in scene.events("grant.given", given["id"])] == [scene.team]
    for kind in ("document.fetched", "document.described"):
        seen = scene.events(kind, scene.document)
        assert [(row["actor"]["id"], row["change"]) for row in seen] == [(ann.id, {"grant": given["id"]})]
    scene.join(ben)
    told = {row["tenant"]: row["change"] for row in scene.events("team.member.added", scene.team)}
    assert told[scene.world.firm] == {"member": ben.id, "grants": 1}
    assert told[scene.world.provider] == {"member": ben.id, "firms": 1}


def test_each_person_signs_for_themselves(scene: Scene, people: list[Person]) -> None:
    ann, ben = people
    scene.grant()
    scene.join(ben)
    text = "I keep what I read to myself."
    published = scene.firm("POST", f"/v1/engagements/{scene.engagement}/nda-versions", {"text": text})
    body = {"engagement_id": scene.engagement, "version": 1, "sha256": published["sha256"]}
    ann.client.call("POST", "/v1/nda-signatures", body)
    assert (scene.ways_in(ann), scene.ways_in(ben)) == ({200}, {"nda-unsigned"})
    shown = [
        row["conditions"]
        for row in scene.world["attorney"].client.pages(f"/v1/matters/{scene.matter}/grants")
    ]
    assert shown == [[]], "what each person must do is not the grant's"


def test_a_closed_team_and_a_revoked_grant_open_nothing(scene: Scene) -> None:
    given = scene.grant()
    scene.attorney("POST", f"/v1/grants/{given['id']}/revoke")
    assert scene.ways_in(scene.holder) == {404}
    scene.grant()
    assert scene.ways_in(scene.holder) == {200}
    closed = scene.provider("POST", f"/v1/teams/{scene.team}/close")
    assert (closed["state"], closed["members"]) == ("closed", 1)
    assert scene.ways_in(scene.holder) == {404}
    for method, path in (
        ("PUT", f"members/{scene.holder.id}"),
        ("DELETE", f"members/{scene.holder.id}"),
        ("POST", "close"),
    ):
        assert _refusal(scene.provider, method, f"/v1/teams/{scene.team}/{path}") == "409 team-closed"
    assert _refusal(scene.grant) == "422 invalid-input"


def test_who_joins_learns_nothing_of_what_had_ended(scene: Scene, people: list[Person]) -> None:
    """Neither from the feed, nor by asking for access to what they cannot know of."""
    ann, ben = people
    given = scene.grant()
    scene.attorney("POST", f"/v1/grants/{given['id']}/revoke")
    wait_until_sequenced(scene.world.instance)
    scene.join(ben)
    ends_at = (scene.world.instance.clock.now() + timedelta(days=7)).isoformat()
    body = {"classes": ["pleadings"], "ends_at": ends_at, "reason": "To review"}
    path = f"/v1/matters/{scene.matter}/access-requests"
    assert _refusal(ben.client.call, "POST", path, body) == "404 not-found"
    assert ann.client.call("POST", path, body)["state"] == "open"

    def told(person: Person) -> set[str]:
        found: list[Any] = []
        after, more = "", True
        while more:
            page = person.client.call("GET", "/v1/changes" + (f"?after={after}" if after else ""))
            found, after, more = found + page["items"], page["after"], page["more"]
        return {item["type"] for item in found if item["matter_id"] == scene.matter}

    assert told(ann) >= {"grant.given", "grant.revoked"}
    assert told(ben) == set()


def test_suspension_sleeps_and_removal_ends_it(scene: Scene) -> None:
    leaver = invite(scene.world.instance, scene.world["provider_admin"], ["paralegal"], "leaver")
    scene.join(leaver)
    scene.grant()
    scene.provider("POST", f"/v1/members/{leaver.id}/offboard")
    told = {row["tenant"]: row["change"] for row in scene.events("member.offboarded", leaver.id)}
    assert told[scene.world.firm] == {"grants": 1}
    there = [
        row["member_id"]
        for row in scene.world["provider_admin"].client.pages(f"/v1/teams/{scene.team}/members")
    ]
    assert there == [scene.holder.id]
    assert _refusal(scene.join, leaver) == "409 member-state"
    leaver.client.close()


def test_leaving_ends_a_running_transfer(scene: Scene, tmp_path: Path) -> None:
    scene.grant()
    path = tmp_path / "long.bin"
    path.write_bytes(bytes(LONG))
    document = scene.world["attorney"].client.put(scene.matter, path, "pleadings")["id"]
    head = f"GET /v1/documents/{document}/content"
    with open_request(scene.world.instance, scene.holder, head, receive_bytes=65536) as connection:
        assert connection.recv(1024).startswith(b"HTTP/1.1 200")
        scene.leave(scene.holder)
        end = wait_for_end(scene.world.instance, document, "document.delivered", "access-ended")
    assert end["change"]["complete"] is False


def test_a_grant_names_a_team_of_its_provider_or_a_person(scene: Scene) -> None:
    world = scene.world
    of_firm = scene.firm("POST", "/v1/teams", {"name": f"Own {secrets.token_hex(4)}"})["id"]
    for changes in (
        {"team_id": of_firm},
        {"team_id": scene.matter},
        {"team_id": None},
        {"member_id": scene.holder.id},
        {"request_id": scene.matter},
    ):
        assert _refusal(scene.grant, **changes) == "422 invalid-input", changes
    given = scene.grant()
    assert _refusal(scene.grant, ends_at=given["ends_at"]) == "409 grant-redundant"
    personal = scene.grant(team_id=None, member_id=scene.holder.id)
    revoked = scene.attorney("POST", f"/v1/grants/{personal['id']}/revoke")
    assert len(revoked["remaining"]) == 1, "the team's still opens it for them"
    for person, body in ((world["other_admin"], None), (world["firm_admin"], None)):
        for method, path in (
            ("POST", f"/v1/teams/{scene.team}/close"),
            ("PUT", f"/v1/teams/{scene.team}/members/{person.id}"),
            ("GET", f"/v1/teams/{scene.team}/members"),
        ):
            assert _refusal(person.client.call, method, path, body) == "404 not-found"
    assert (
        _refusal(scene.provider, "PUT", f"/v1/teams/{scene.team}/members/{world['attorney'].id}")
        == "404 not-found"
    )


def test_names_are_one_teams_alone_and_known_to_who_engaged_it(scene: Scene, caller: Caller) -> None:
    admin = scene.world["provider_admin"]
    name = f"Night desk {secrets.token_hex(4)}"
    made = scene.provider("POST", "/v1/teams", {"name": name})
    assert _refusal(scene.provider, "POST", "/v1/teams", {"name": name.upper()}) == "409 team-exists"

    def rename(etag: str | None) -> int:
        headers = authorization(admin) | ({"If-Match": etag} if etag else {})
        path = f"/v1/teams/{made['id']}/name"
        return caller.http.put(path, json={"name": f"{name} 2"}, headers=headers).status_code

    assert [rename(None), rename('"7"'), rename(made["etag"]), rename(made["etag"])] == [428, 412, 200, 412]
    path = f"/v1/providers/{scene.world.provider}/teams"
    shown = {row["id"]: row["name"] for row in scene.world["attorney"].client.pages(path)}
    assert shown[made["id"]] == f"{name} 2"
    assert _refusal(scene.world["other_attorney"].client.call, "GET", path) == "404 not-found"
    assert name not in json.dumps(scene.events("team.created", made["id"]))
