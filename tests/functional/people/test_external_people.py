"""External people: a sponsor who answers for them, and an end that needs no job to come."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from clients.python.redwell_client import ProblemError
from tests.functional.docs_api.moving import begin, events_of, fetch_rows, open_put, wait_for_end
from tests.harness.people import PASSWORD, Person, World, invite, join
from tests.harness.stage import staged


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One of its own: days pass here."""
    with staged("embedded") as made:
        yield made


@pytest.fixture(autouse=True)
def _fresh_tokens(world: World) -> None:
    """Each test begins at noon of a new day, when nobody is signed in any more."""
    _advance_to(world, _today(world) + timedelta(days=1, hours=12))
    for person in (world["firm_admin"], world["attorney"], world["provider_admin"]):
        _sign_in(world, person)


def _sign_in(world: World, person: Person) -> None:
    world.instance.clock.advance(31)
    person.client.tokens = None
    challenge = person.client.sign_in(person.email, person.password)
    person.client.confirm_sign_in(challenge, person.code(world.instance.clock.now()))


def _admin(world: World, method: str, path: str, body: object = None) -> Any:
    return world["firm_admin"].client.call(method, path, body)


def _today(world: World) -> datetime:
    """The beginning of the day by the instance's clock."""
    now = world.instance.clock.now().astimezone(UTC)
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def _last_day(world: World, days: int) -> str:
    return (_today(world) + timedelta(days=days)).date().isoformat()


def _hire(world: World, name: str, roles: list[str], sponsor: str, days: int, **more: object) -> Person:
    email = f"{name}-{_today(world).timestamp():.0f}-{len(more)}@example.com"
    external = {"sponsor_id": sponsor, "ends_on": _last_day(world, days)}
    body = {"email": email, "roles": roles, "external": external, **more}
    return join(world.instance, _admin(world, "POST", "/v1/invitations", body)["code"], name, email)


def _external(world: World) -> dict[str, Any]:
    return {row["id"]: row for row in world["firm_admin"].client.pages("/v1/external-members")}


def _refusal(call: Any, *values: Any) -> str:
    with pytest.raises(ProblemError) as refused:
        call(*values)
    return f"{refused.value.status} {refused.value.slug}"


def _advance_to(world: World, moment: datetime) -> None:
    world.instance.clock.advance((moment - world.instance.clock.now()).total_seconds())


def test_the_last_day_is_the_last(world: World) -> None:
    counsel = _hire(world, "counsel", ["attorney"], world["firm_admin"].id, 1)
    assert counsel.client.call("GET", "/v1/me")["session"]["expires_at"] <= _last_day(world, 2) + "T00:00:00Z"
    _advance_to(world, _today(world) + timedelta(days=2, seconds=-90))
    _sign_in(world, counsel)
    assert counsel.client.call("GET", "/v1/me")["id"] == counsel.id
    _advance_to(world, _today(world) + timedelta(days=1, seconds=1))
    assert _refusal(counsel.client.call, "GET", "/v1/me").startswith("401")
    assert _refusal(counsel.client.refresh).startswith("401")
    assert _refusal(counsel.client.sign_in, counsel.email, PASSWORD) == "401 sign-in-failed"
    _sign_in(world, world["firm_admin"])
    shown = _external(world)[counsel.id]
    assert (shown["ended"], shown["sponsor_active"]) == (True, True)
    body = {"sponsor_id": world["firm_admin"].id, "ends_on": _last_day(world, 5)}
    assert _admin(world, "PUT", f"/v1/members/{counsel.id}/external", body) == body
    _sign_in(world, counsel)
    counsel.client.close()


def test_a_transfer_ends_when_the_time_is_over(world: World) -> None:
    counsel = _hire(world, "sender", ["attorney"], world["firm_admin"].id, 0)
    world["attorney"].client.call("PUT", f"/v1/matters/{world.matter}/people/{counsel.id}")
    midnight = _today(world) + timedelta(days=1)
    _advance_to(world, midnight - timedelta(seconds=150))
    _sign_in(world, counsel)
    document, upload = begin(world, counsel)
    with open_put(world.instance, counsel, upload, 10_000_000) as connection:
        connection.sendall(bytes(100_000))
        events_of(world.instance, document, "document.received")
        _advance_to(world, midnight)
        wait_for_end(world.instance, document, "document.received", "session-ended")
    counsel.client.close()


def test_a_shorter_time_shortens_what_is_open(world: World) -> None:
    clerk = invite(world.instance, world["firm_admin"], ["firm_staff"], "clerk")
    body = {"sponsor_id": world["firm_admin"].id, "ends_on": _last_day(world, 0)}
    _admin(world, "PUT", f"/v1/members/{clerk.id}/external", body)
    assert clerk.client.call("GET", "/v1/me")["session"]["expires_at"] == _last_day(world, 1) + "T00:00:00Z"
    rows = fetch_rows(
        world.instance,
        "SELECT body FROM events WHERE type = 'member.external.changed' AND object_id::text = $1",
        clerk.id,
    )
    told = [json.loads(row["body"])["change"] for row in rows]
    assert told == [{"sponsor": world["firm_admin"].id, "ends_on": body["ends_on"]}]
    clerk.client.close()


def test_nobody_joins_for_whom_nobody_answers_any_more(world: World) -> None:
    sponsor = invite(world.instance, world["firm_admin"], ["attorney"], "leaving-sponsor")
    external = {"sponsor_id": sponsor.id, "ends_on": _last_day(world, 30)}
    email = f"unsponsored-{sponsor.id}@example.com"
    body = {"email": email, "roles": ["firm_staff"], "external": external}
    code = _admin(world, "POST", "/v1/invitations", body)["code"]
    _admin(world, "POST", f"/v1/members/{sponsor.id}/suspend")
    with pytest.raises(ProblemError, match="410 invitation-ended"):
        join(world.instance, code, "unsponsored", email)
    _admin(world, "POST", f"/v1/members/{sponsor.id}/reinstate")
    join(world.instance, code, "unsponsored", email).client.close()
    sponsor.client.close()


def test_when_the_sponsor_leaves_the_person_is_listed_and_told_of(world: World) -> None:
    sponsor = invite(world.instance, world["firm_admin"], ["attorney"], "sponsor")
    person = _hire(world, "sponsored", ["firm_staff"], sponsor.id, 30)
    assert _external(world)[person.id]["sponsor_active"] is True
    _admin(world, "POST", f"/v1/members/{sponsor.id}/offboard")
    shown = _external(world)[person.id]
    assert (shown["sponsor_active"], shown["ended"]) == (False, False)
    rows = fetch_rows(
        world.instance,
        "SELECT body FROM events WHERE type = 'member.sponsor.left' AND object_id::text = $1",
        person.id,
    )
    assert [json.loads(row["body"])["change"] for row in rows] == [{"sponsor": sponsor.id}]
    assert person.client.call("GET", "/v1/me")["id"] == person.id, "their access goes on to its end"
    for gone in (sponsor, person):
        gone.client.close()


def test_terms_that_cannot_be(world: World) -> None:
    admin, clerk = world["firm_admin"], invite(world.instance, world["firm_admin"], ["firm_staff"], "terms")
    helper = _hire(world, "helper", ["firm_staff"], admin.id, 3)
    path = f"/v1/members/{clerk.id}/external"
    for sponsor, days in (
        (admin.id, -1),
        (admin.id, 800),
        (clerk.id, 3),
        (helper.id, 3),
        (world["provider_admin"].id, 3),
    ):
        body = {"sponsor_id": sponsor, "ends_on": _last_day(world, days)}
        assert _refusal(_admin, world, "PUT", path, body) == "422 terms-refused", body
    body = {"sponsor_id": clerk.id, "ends_on": _last_day(world, 3)}
    assert _refusal(_admin, world, "PUT", f"/v1/members/{admin.id}/external", body) == "422 roles-refused"
    strange = f"/v1/members/{world['provider_admin'].id}/external"
    assert _refusal(_admin, world, "PUT", strange, body) == "404 not-found"
    invitation = {"email": "x@example.com", "roles": ["firm_admin"], "external": body}
    assert _refusal(_admin, world, "POST", "/v1/invitations", invitation) == "422 roles-refused"
    invitation = {"email": "x@example.com", "roles": ["attorney"], "team_id": clerk.id}
    assert _refusal(_admin, world, "POST", "/v1/invitations", invitation) == "422 team-refused"
    for person in (clerk, helper):
        person.client.close()


def test_an_invitation_may_name_a_team(world: World) -> None:
    team = _admin(world, "POST", "/v1/teams", {"name": "Discovery"})["id"]
    person = _hire(world, "joiner", ["firm_staff"], world["firm_admin"].id, 30, team_id=team)
    there = [row["member_id"] for row in world["firm_admin"].client.pages(f"/v1/teams/{team}/members")]
    assert there == [person.id]
    rows = fetch_rows(
        world.instance,
        "SELECT body FROM events WHERE type = 'member.joined' AND object_id::text = $1",
        person.id,
    )
    assert json.loads(rows[0]["body"])["change"]["team"] == team
    person.client.close()
