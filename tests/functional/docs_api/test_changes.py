"""The feed of changes: everybody is told what they may see, in order, and nothing else."""

from pathlib import Path
from typing import Any

import pytest

from clients.python.redwell_client import ProblemError
from tests.functional.docs_api.moving import fetch_rows
from tests.harness.people import Person, World, invite, matter_body
from tests.harness.rows import wait_until_sequenced
from tests.harness.stage import authorization

NAMED = ("document_id", "grant_id", "access_request_id", "engagement_id")
ITEM = {"id", "at", "type", "matter_id", *NAMED}


class Reader:
    """Somebody who keeps their place."""

    def __init__(self, world: World, person: Person) -> None:
        self.world, self.person = world, person
        self.after: str | None = None
        self.news()

    def news(self, **query: str) -> list[dict[str, Any]]:
        """What came since the last look, once all that was done has its place."""
        wait_until_sequenced(self.world.instance)
        found, more = [], True
        while more:
            answer = self.person.client.changes(self.after, **query)
            self.after, more = answer["after"], answer["more"]
            found += answer["items"]
        assert all(set(item) == ITEM for item in found)
        return found

    def told(self) -> list[tuple[str, str]]:
        return [
            (item["type"], next(item[name] for name in reversed(NAMED) if item[name])) for item in self.news()
        ]


def test_a_grant_and_the_documents_under_it_are_told(world: World, tmp_path: Path) -> None:
    holder = invite(world.instance, world["provider_admin"], ["paralegal"], "holder")
    holder.client.act_for(world.firm)
    names = ("ungranted", "attorney", "firm_staff", "other_attorney")
    readers = {"holder": Reader(world, holder), **{name: Reader(world, world[name]) for name in names}}
    grant = world.grant(holder, ["pleadings"])["id"]
    document = world.put(tmp_path, "told.txt", b"words", "pleadings")["id"]
    hidden = world.put(tmp_path, "hidden.txt", b"words", "privileged")["id"]
    given, received = ("grant.given", grant), ("document.received", document)
    assert readers["holder"].told() == [given, received]
    assert readers["attorney"].told() == [given, received, ("document.received", hidden)]
    for stranger in ("ungranted", "firm_staff", "other_attorney"):
        assert readers[stranger].told() == []
    world["attorney"].client.call("POST", f"/v1/grants/{grant}/revoke")
    world.put(tmp_path, "later.txt", b"words", "pleadings")
    assert readers["holder"].told() == [("grant.revoked", grant)]
    holder.client.close()


def test_requests_and_the_end_of_what_access_stands_on_are_told(world: World) -> None:
    holder = invite(world.instance, world["provider_admin"], ["paralegal"], "asking")
    holder.client.act_for(world.firm)
    service = {"provider_id": world.provider, "services": ["told of"]}
    engagement = world["firm_admin"].client.call("POST", "/v1/engagements", service)["id"]
    readers = [Reader(world, person) for person in (holder, world["attorney"])]
    strangers = [Reader(world, world[name]) for name in ("ungranted", "firm_staff", "other_attorney")]
    grant = world.grant(holder, ["pleadings"], engagement_id=engagement)
    asking = {"classes": ["privileged"], "ends_at": grant["ends_at"], "reason": "To compare"}
    request = holder.client.call("POST", f"/v1/matters/{world.matter}/access-requests", asking)["id"]
    declining = f"/v1/access-requests/{request}/decline"
    world["attorney"].client.call("POST", declining, {"note": "Ask again in May"})
    world["firm_admin"].client.call("POST", f"/v1/engagements/{engagement}/end")
    expected = [
        ("grant.given", grant["id"]),
        ("access_request.made", request),
        ("access_request.declined", request),
        ("engagement.ended", engagement),
    ]
    assert [reader.told() for reader in readers] == [expected, expected]
    assert [reader.told() for reader in strangers] == [[], [], []]
    world["attorney"].client.call("POST", f"/v1/grants/{grant['id']}/revoke")
    holder.client.close()


def test_who_joins_a_matter_is_told_from_then_on(world: World, tmp_path: Path) -> None:
    matter = world["attorney"].client.call("POST", "/v1/matters", matter_body(world["attorney"].id))["id"]
    staff = Reader(world, world["firm_staff"])
    path = f"/v1/matters/{matter}/people/{world['firm_staff'].id}"
    world["attorney"].client.call("PUT", path)
    (tmp_path / "in.txt").write_bytes(b"words")
    document = world["attorney"].client.put(matter, tmp_path / "in.txt", "pleadings")["id"]
    assert staff.told() == [("document.received", document)]
    world["attorney"].client.call("DELETE", path)
    (tmp_path / "out.txt").write_bytes(b"words")
    world["attorney"].client.put(matter, tmp_path / "out.txt", "pleadings")
    assert staff.told() == []


def test_pages_tell_the_same_in_the_same_order_and_again(world: World, tmp_path: Path) -> None:
    reader = Reader(world, world["attorney"])
    begun = reader.after
    made = [world.put(tmp_path, f"{number}.txt", b"words")["id"] for number in range(5)]
    at_once = reader.news()
    assert [item["document_id"] for item in at_once] == made
    for _ in range(2):
        reader.after = begun
        assert reader.news(limit="2") == at_once
    first = world["attorney"].client.changes(begun, limit="2")
    assert (len(first["items"]), first["more"]) == (2, True)


def test_without_a_place_the_feed_begins_with_the_oldest(world: World, tmp_path: Path) -> None:
    document = world.put(tmp_path, "oldest.txt", b"words")["id"]
    reader = Reader(world, world["attorney"])
    reader.after = None
    assert document in [item["document_id"] for item in reader.news(limit="200")]


def test_reading_is_recorded_and_never_told(world: World) -> None:
    reader = Reader(world, world["attorney"])
    for _ in range(3):
        assert reader.news() == []
    (row,) = fetch_rows(
        world.instance,
        "SELECT count(*) AS reads FROM events WHERE type = 'changes.read' AND actor_id = $1",
        world["attorney"].id,
    )
    assert row["reads"] >= 4


def test_a_newcomer_without_matters_hears_nothing(world: World) -> None:
    newcomer = invite(world.instance, world["firm_admin"], ["attorney"], "newcomer")
    assert Reader(world, newcomer).news() == []
    newcomer.client.close()


@pytest.mark.parametrize("whose", ["firm_staff", "other_attorney", "paralegal"])
def test_a_place_is_for_one_reader(world: World, whose: str) -> None:
    place = Reader(world, world[whose]).after
    with pytest.raises(ProblemError) as refused:
        world["attorney"].client.changes(place)
    assert (refused.value.status, refused.value.slug) == (422, "invalid-input")


@pytest.mark.parametrize("role", ["firm_admin", "officer", "provider_admin"])
def test_whose_role_reads_no_matters_is_refused(world: World, role: str) -> None:
    with pytest.raises(ProblemError) as refused:
        world[role].client.changes()
    assert (refused.value.status, refused.value.slug) == (403, "forbidden")


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "limit=x", "after=", "after=canary", "after=" + "A" * 201, "canary=1", "wait=1"],
)
def test_bad_queries_are_refused_without_an_echo(world: World, query: str) -> None:
    with world.instance.http() as http:
        answer = http.get(f"/v1/changes?{query}", headers=authorization(world["attorney"]))
    assert answer.status_code == 422
    assert "canary" not in answer.text
