"""Every operation of the policy table, as everybody who must be refused. The counts are asserted."""

from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from services.kernel.problems import PROBLEM_TYPE
from services.kernel.scopes import Role, Scope, scopes_of
from tests.harness.calls import OPERATIONS, TOKEN_OPERATIONS, Caller, bodies, counted_refusals, stored_event
from tests.harness.people import Person, World, matter_body
from tests.harness.programs import new_program

FIRM_OPERATIONS = {
    name for name, row in TOKEN_OPERATIONS.items() if "{" in row.path and not row.path.startswith("/v1/organ")
}
"""Operations that name something of one firm in their path."""


@pytest.fixture(scope="module")
def caller(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    """A caller with the ids of real things of the first firm."""
    folder = tmp_path_factory.mktemp("sweep")
    document = world.put(folder, "swept.txt", b"privileged words", "privileged")
    attorney = world["attorney"].client
    draft = {"name": "open.txt", "folder": "", "class_id": "pleadings"}
    upload = attorney.call("POST", f"/v1/matters/{world.matter}/documents", draft)["upload"]
    grant = world.grant(world["paralegal"], ["correspondence"])
    asked = world["paralegal"].client.call(
        "POST", f"/v1/matters/{world.matter}/access-requests", bodies(world)["access_requests.make"]
    )
    held = attorney.call("POST", "/v1/matters", matter_body(world["attorney"].id))["id"]
    hold = attorney.call("POST", f"/v1/matters/{held}/holds", {"reason": "Litigation"})
    program = new_program(world, world["firm_admin"])
    team = world["firm_admin"].client.call("POST", "/v1/teams", bodies(world)["teams.create"])
    made = Caller(
        world.instance,
        {
            "matter_id": world.matter,
            "member_id": world["attorney"].id,
            "document_id": document["id"],
            "number": "1",
            "upload_id": upload["id"],
            "grant_id": grant["id"],
            "consent_id": str(uuid4()),
            "request_id": asked["id"],
            "hold_id": hold["id"],
            "team_id": team["id"],
            "session_id": str(uuid4()),
            "factor_id": str(uuid4()),
            "engagement_id": world.engagement,
            "provider_id": world.provider,
            "organization_id": world.firm,
            "client_id": program.id,
            "kid": program.kid,
        },
    )
    described = made.call(OPERATIONS["documents.get"], world["attorney"])
    made.ids["event_id"] = described.headers["redwell-event"].partition(";")[0]
    yield made
    made.close()


def test_the_policy_table_is_swept_whole() -> None:
    assert len(OPERATIONS) == len(TOKEN_OPERATIONS) + 20
    assert len(FIRM_OPERATIONS) >= 15


async def test_nobody_anonymous_gets_in_and_each_is_counted(caller: Caller) -> None:
    before = await counted_refusals(caller.instance)
    answers = {name: caller.call(row, None) for name, row in TOKEN_OPERATIONS.items()}
    assert {name: answer.status_code for name, answer in answers.items() if answer.status_code != 401} == {}
    assert {answer.headers["content-type"] for answer in answers.values()} == {PROBLEM_TYPE}
    assert all(answer.headers["www-authenticate"].startswith("Bearer") for answer in answers.values())
    assert await counted_refusals(caller.instance) == before + len(TOKEN_OPERATIONS)


async def test_a_wrong_role_is_forbidden_and_recorded(caller: Caller, world: World) -> None:
    swept = 0
    for name, row in TOKEN_OPERATIONS.items():
        for person in _without(world, frozenset(row.scopes)):
            answer = caller.call(row, person)
            assert (name, answer.status_code) == (name, 403)
            event = await stored_event(caller.instance, answer.headers["redwell-event"])
            assert event is not None
            assert (event["outcome"], event["reason"], str(event["actor_id"])) == (
                "denied",
                "forbidden",
                person.id,
            )
            swept += 1
    assert swept >= len([row for row in TOKEN_OPERATIONS.values() if row.scopes != (Scope.SELF,)])


def _without(world: World, scopes: frozenset[str]) -> list[Person]:
    """One person of each kind of organization who lacks one of `scopes`."""
    candidates = [
        world["firm_admin"],
        world["attorney"],
        world["officer"],
        world["paralegal"],
        world.operator,
    ]
    return [person for person in candidates if not scopes <= _scopes(person, world)]


def _scopes(person: Person, world: World) -> frozenset[str]:
    roles = frozenset(Role(role) for role in person.roles)
    acting = person in (world["paralegal"], world["ungranted"])
    return frozenset(scopes_of(roles, acting_for_another=acting))


async def test_another_firm_finds_nothing_and_cannot_tell(caller: Caller, world: World) -> None:
    strangers = [world["other_attorney"], world["other_admin"], world["other_officer"]]
    await _expect_nothing(caller, world, strangers, at_least=12)


async def test_a_paralegal_without_a_grant_finds_nothing(caller: Caller, world: World) -> None:
    await _expect_nothing(caller, world, [world["ungranted"]], at_least=5)


async def test_a_paralegal_finds_nothing_outside_the_granted_class(caller: Caller, world: World) -> None:
    names = (
        "documents.get",
        "documents.fetch",
        "documents.head",
        "versions.list",
        "versions.fetch",
        "versions.head",
    )
    for name in names:
        answer = caller.call(OPERATIONS[name], world["paralegal"])
        assert (name, answer.status_code) == (name, 404)


async def _expect_nothing(caller: Caller, world: World, people: list[Person], at_least: int) -> None:
    """Everything that these people may ask for, asked for the first firm: 404, as for what is not."""
    valid = bodies(world)
    swept = set()
    for name in sorted(FIRM_OPERATIONS):
        row = OPERATIONS[name]
        for person in people:
            if not set(row.scopes) <= _scopes(person, world):
                continue
            if row.factor_max_age_seconds is not None and "paralegal" in person.roles:
                continue  # their factor grows old here, and the door says so first
            swept.add(name)
            foreign = caller.call(row, person, valid.get(name))
            absent = caller.call(row, person, valid.get(name), **{key: str(uuid4()) for key in caller.ids})
            assert (name, foreign.status_code) == (name, 404)
            assert _told(foreign) == _told(absent)
            event = await stored_event(caller.instance, foreign.headers["redwell-event"])
            assert event is not None
            assert (event["outcome"], event["reason"]) == ("denied", "not-found")
    assert len(swept) >= at_least


def _told(answer: httpx.Response) -> tuple[object, ...]:
    """What an answer tells, without the ids of the request itself."""
    own = {"request-id", "redwell-event", "date", "content-length"}
    document = answer.json() if answer.content else {}
    document.pop("instance", None)
    headers = sorted((name, value) for name, value in answer.headers.items() if name not in own)
    return answer.status_code, headers, document
