"""Engagements, classes, matters, people and grants: who may say what, and what contradicts what is there."""

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from clients.python.redwell_client import ProblemError
from tests.functional.docs_api.moving import fetch_rows
from tests.harness.people import World, invite, matter_body, organization
from tests.harness.stage import authorization

Call = Callable[[], Any]


def _refusal(call: Call) -> str:
    with pytest.raises(ProblemError) as refused:
        call()
    return f"{refused.value.status} {refused.value.slug}"


def _outcome(call: Call) -> str:
    try:
        call()
    except ProblemError as refused:
        return f"{refused.status} {refused.slug}"
    return "done"


def _matter(world: World, **changes: str) -> Call:
    body = matter_body(world["attorney"].id) | changes
    return lambda: world["attorney"].client.call("POST", "/v1/matters", body)


def test_a_number_names_one_matter(world: World) -> None:
    number = secrets.token_hex(4)
    _matter(world, number=number)()
    assert _refusal(_matter(world, number=number)) == "409 matter-number-taken"


def test_another_firm_may_use_the_same_number(world: World) -> None:
    number = secrets.token_hex(4)
    _matter(world, number=number)()
    body = matter_body(world["other_attorney"].id) | {"number": number}
    assert world["other_attorney"].client.call("POST", "/v1/matters", body)["number"] == number


@pytest.mark.parametrize("role", ["firm_staff", "firm_admin", "other_attorney", "paralegal"])
def test_only_an_attorney_of_the_firm_supervises(world: World, role: str) -> None:
    assert _refusal(_matter(world, supervising_attorney_id=world[role].id)) == "422 invalid-input"


def test_first_needs_of_a_firm_key_at_once_make_one(world: World) -> None:
    firm, admin = organization(world.instance, world.operator, "firm", "Simultaneous LLP")
    attorney = invite(world.instance, admin, ["attorney"], "first")
    bodies = [matter_body(attorney.id) for _ in range(12)]
    with ThreadPoolExecutor(12) as pool:
        made = list(pool.map(lambda body: attorney.client.call("POST", "/v1/matters", body), bodies))
    assert len({row["id"] for row in made}) == 12
    assert len(fetch_rows(world.instance, "SELECT 1 FROM firm_keys WHERE tenant_id = $1", firm)) == 1
    for row in made:
        assert attorney.client.call("GET", f"/v1/matters/{row['id']}")["title"] == row["title"]
    attorney.client.close()
    admin.client.close()


def test_staff_see_a_matter_while_they_are_on_it(world: World) -> None:
    staff, attorney = world["firm_staff"].client, world["attorney"].client
    place = f"/v1/matters/{world.matter}/people/{world['firm_staff'].id}"
    attorney.call("PUT", place)
    attorney.call("PUT", place)
    assert world.matter in {row["id"] for row in staff.pages("/v1/matters")}
    people = [row["member_id"] for row in staff.pages(f"/v1/matters/{world.matter}/people", limit="1")]
    assert {world["firm_staff"].id, world["attorney"].id} <= set(people)
    attorney.call("DELETE", place)
    assert _refusal(lambda: staff.call("GET", f"/v1/matters/{world.matter}")) == "404 not-found"
    assert _refusal(lambda: attorney.call("DELETE", place)) == "404 not-found"


@pytest.mark.parametrize("role", ["paralegal", "other_attorney", "officer", "firm_admin"])
def test_nobody_else_is_put_on_a_matter(world: World, role: str) -> None:
    place = f"/v1/matters/{world.matter}/people/{world[role].id}"
    assert _refusal(lambda: world["attorney"].client.call("PUT", place)) == "404 not-found"


def test_the_supervising_attorney_stays(world: World) -> None:
    place = f"/v1/matters/{world.matter}/people/{world['attorney'].id}"
    assert _refusal(lambda: world["attorney"].client.call("DELETE", place)) == "409 supervisor-stays"


def test_a_class_is_added_once(world: World) -> None:
    body = {"id": f"class-{secrets.token_hex(4)}", "label": "Exhibits"}
    world["firm_admin"].client.call("POST", "/v1/classes", body)
    assert _refusal(lambda: world["firm_admin"].client.call("POST", "/v1/classes", body)) == "409 class-taken"


def test_a_paralegal_knows_only_granted_classes(world: World) -> None:
    world.grant(world["paralegal"], ["correspondence"])
    known = {row["id"] for row in world["paralegal"].client.pages("/v1/classes")}
    assert "correspondence" in known
    assert list(world["ungranted"].client.pages("/v1/classes")) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"ends_at": "2020-01-01T00:00:00Z"},
        {"engagement_id": "0192f0c1-0000-7000-8000-000000000001"},
        {"permissions": ["write"]},
    ],
)
def test_a_grant_names_what_there_is(world: World, changes: dict[str, Any]) -> None:
    assert _refusal(lambda: world.grant(world["paralegal"], ["no-such-class"])) == "422 invalid-input"
    assert _refusal(lambda: world.grant(world["paralegal"], ["pleadings"], **changes)) == "422 invalid-input"


@pytest.mark.parametrize("role", ["attorney", "other_attorney", "provider_admin", "provider_officer"])
def test_a_grant_is_for_the_provider_s_paralegals(world: World, role: str) -> None:
    assert _refusal(lambda: world.grant(world[role], ["pleadings"])) == "422 invalid-input"


def test_a_grant_is_revoked_once_though_many_try(world: World) -> None:
    grant = world.grant(world["paralegal"], ["pleadings"])
    path = f"/v1/grants/{grant['id']}/revoke"

    def revoke(_: int) -> str:
        try:
            world["attorney"].client.call("POST", path)
        except ProblemError as refused:
            return refused.slug
        return "revoked"

    with ThreadPoolExecutor(10) as pool:
        answers = sorted(pool.map(revoke, range(10)))
    assert answers == ["grant-revoked"] * 9 + ["revoked"]


def test_the_officer_sees_who_holds_what_and_the_paralegal_does_not(world: World) -> None:
    grant = world.grant(world["paralegal"], ["pleadings"])
    path = f"/v1/matters/{world.matter}/grants"
    for role in ("attorney", "officer"):
        found = {row["id"]: row for row in world[role].client.pages(path, limit="3")}
        assert found[grant["id"]]["purpose"] == "First review"
    assert _refusal(lambda: world["other_officer"].client.call("GET", path)) == "404 not-found"
    assert _refusal(lambda: world["paralegal"].client.call("GET", path)) == "403 forbidden"


def test_both_parties_list_an_engagement_and_no_other(world: World) -> None:
    for role, sees in (("firm_admin", True), ("provider_admin", True), ("other_admin", False)):
        listed = {row["id"] for row in world[role].client.pages("/v1/engagements")}
        assert (world.engagement in listed) is sees


def test_a_firm_engages_a_provider_and_nothing_else(world: World) -> None:
    def engage(provider: str, **more: str) -> str:
        body = {"provider_id": provider, "services": ["review"], **more}
        return _refusal(lambda: world["firm_admin"].client.call("POST", "/v1/engagements", body))

    for party in (world.other_firm, world.firm, "0192f0c1-0000-7000-8000-000000000001"):
        assert engage(party) == "422 invalid-input"
    assert engage(world.provider, ends_at="2020-01-01T00:00:00Z") == "422 invalid-input"


class TestEngagementsBesideEachOther:
    def test_one_service_has_one_engagement_at_a_time(self, world: World) -> None:
        admin = world["firm_admin"].client
        service = f"Coding {secrets.token_hex(4)}"
        first = self._engage(world, [service], "2031-01-01T00:00:00Z", "2031-06-01T00:00:00Z")
        for begin, end in (
            ("2031-05-31T00:00:00Z", None),
            ("2030-01-01T00:00:00Z", "2031-01-01T00:00:01Z"),
            ("2031-02-01T00:00:00Z", "2031-03-01T00:00:00Z"),
        ):
            with pytest.raises(ProblemError, match="409 engagement-overlaps") as refused:
                self._engage(world, ["Translation", service.upper()], begin, end)
            assert refused.value.document["engagement_id"] == first["id"]
        later = self._engage(world, [service], "2031-06-01T00:00:00Z", None)
        headers = authorization(world["firm_admin"]) | {"If-Match": first["etag"]}
        with world.instance.http() as http:
            longer = http.patch(f"/v1/engagements/{first['id']}", json={"ends_at": None}, headers=headers)
        assert longer.json()["type"].endswith("/engagement-overlaps")
        assert longer.json()["engagement_id"] == later["id"]
        self._engage(world, [f"{service} of audio"], "2031-01-01T00:00:00Z", None)
        admin.call("POST", f"/v1/engagements/{later['id']}/end")
        self._engage(world, [service], "2031-06-01T00:00:00Z", None)

    def test_of_many_at_once_one_is_made(self, world: World) -> None:
        service = f"Coding {secrets.token_hex(4)}"

        def engage(_: int) -> str:
            return _outcome(lambda: self._engage(world, [service], "2032-01-01T00:00:00Z", None))

        with ThreadPoolExecutor(10) as pool:
            answers = sorted(pool.map(engage, range(20)))
        assert answers == ["409 engagement-overlaps"] * 19 + ["done"]

    def _engage(self, world: World, services: list[str], begin: str, end: str | None) -> dict[str, Any]:
        body = {"provider_id": world.provider, "services": services, "starts_at": begin, "ends_at": end}
        return world["firm_admin"].client.call("POST", "/v1/engagements", body)


class TestGrantsBesideEachOther:
    def test_what_adds_nothing_is_refused_and_names_what_is_there(self, world: World) -> None:
        person = invite(world.instance, world["provider_admin"], ["paralegal"], "granted-twice")
        wide = world.grant(person, ["pleadings", "correspondence"])
        with pytest.raises(ProblemError, match="409 grant-redundant") as refused:
            world.grant(person, ["pleadings"], ends_at=wide["ends_at"])
        assert refused.value.document["grant_id"] == wide["id"]
        more = world.grant(person, ["pleadings", "privileged"], ends_at=wide["ends_at"])
        longer = world.grant(person, ["correspondence"])
        other = world.grant(person, ["privileged"])
        revoked = world["attorney"].client.call("POST", f"/v1/grants/{wide['id']}/revoke")
        assert revoked["remaining"] == [more["id"], longer["id"]]
        assert other["id"] not in revoked["remaining"]
        world.grant(person, ["pleadings", "correspondence"], ends_at=wide["ends_at"])
        person.client.close()

    def test_of_the_same_many_times_at_once_one_is_given(self, world: World) -> None:
        person = invite(world.instance, world["provider_admin"], ["paralegal"], "granted-at-once")
        ends_at = (world.instance.clock.now() + timedelta(days=1)).isoformat()

        def grant(_: int) -> str:
            return _outcome(lambda: world.grant(person, ["pleadings"], ends_at=ends_at))

        with ThreadPoolExecutor(10) as pool:
            answers = sorted(pool.map(grant, range(20)))
        assert answers == ["409 grant-redundant"] * 19 + ["done"]
        person.client.close()


def test_documents_are_found_by_their_exact_name(world: World, tmp_path: Path) -> None:
    name = f"Exhibit {secrets.token_hex(4)} “é”.txt"
    document = world.put(tmp_path, name, b"content")
    found = list(world["attorney"].client.documents(world.matter, name=name))
    assert [row["id"] for row in found] == [document["id"]]
    assert list(world["attorney"].client.documents(world.matter, name=name.upper())) == []
    assert list(world["attorney"].client.documents(world.matter, name=name, class_id="privileged")) == []


def test_a_list_goes_on_page_by_page(world: World, tmp_path: Path) -> None:
    for number in range(3):
        world.put(tmp_path, f"page-{number}.txt", b"content")
    paged = [row["id"] for row in world["attorney"].client.documents(world.matter, limit="1")]
    assert paged == [row["id"] for row in world["attorney"].client.documents(world.matter, limit="200")]
    assert len(set(paged)) == len(paged)
