"""Asking for access: who may, who is told, and how it is answered."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from clients.python.redwell_client import ProblemError
from tests.functional.mailing import kept
from tests.harness.eventually import eventually
from tests.harness.people import Person, World, invite, matter_body
from tests.harness.rows import row

REASON = "Opposing counsel cites the letters of March"


class Asking:
    """A paralegal with a grant on the matter, who wants more."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.person = invite(world.instance, world["provider_admin"], ["paralegal"], "asking")
        self.person.client.act_for(world.firm)
        self.grant = world.grant(self.person, ["pleadings"])

    def body(self, **changes: Any) -> dict[str, Any]:
        ends_at = (self.world.instance.clock.now() + timedelta(days=30)).isoformat()
        return {"classes": ["correspondence"], "ends_at": ends_at, "reason": REASON, **changes}

    def ask(self, person: Person | None = None, matter: str = "", **changes: Any) -> dict[str, Any]:
        path = f"/v1/matters/{matter or self.world.matter}/access-requests"
        made: dict[str, Any] = (person or self.person).client.call("POST", path, self.body(**changes))
        return made

    def own(self) -> list[dict[str, Any]]:
        return list(self.person.client.pages("/v1/access-requests"))

    def decide(self, request: str, verb: str, body: object = None) -> dict[str, Any]:
        person = self.person if verb == "withdraw" else self.world["attorney"]
        answer: dict[str, Any] = person.client.call("POST", f"/v1/access-requests/{request}/{verb}", body)
        return answer


@pytest.fixture
def asking(world: World) -> Iterator[Asking]:
    made = Asking(world)
    yield made
    world["attorney"].client.call("POST", f"/v1/grants/{made.grant['id']}/revoke")
    made.person.client.close()


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(ProblemError) as refused:
        act()
    return f"{refused.value.status} {refused.value.slug}"


def test_only_who_knows_of_a_matter_may_ask_and_nobody_learns_of_one(world: World, asking: Asking) -> None:
    other = world["attorney"].client.call("POST", "/v1/matters", matter_body(world["attorney"].id))["id"]
    assert refusal(lambda: asking.ask(world["ungranted"])) == "404 not-found"
    assert refusal(lambda: asking.ask(matter=other)) == "404 not-found"
    assert refusal(lambda: asking.ask(matter=str(uuid4()))) == "404 not-found"
    for insider in ("attorney", "officer", "other_attorney"):
        assert refusal(lambda insider=insider: asking.ask(world[insider])) == "403 forbidden"  # type: ignore[misc]


def test_what_is_asked_is_read_by_those_on_the_matter_and_the_officer(world: World, asking: Asking) -> None:
    made = asking.ask(classes=["correspondence", "no-such-class"])
    assert (made["state"], made["member_id"], made["reason"]) == ("open", asking.person.id, REASON)
    path = f"/v1/matters/{world.matter}/access-requests"
    for reader in ("attorney", "officer"):
        found = {item["id"]: item for item in world[reader].client.pages(path)}
        assert found[made["id"]] == made
    assert asking.own() == [made]
    for stranger in ("other_attorney", "other_officer"):
        assert refusal(lambda name=stranger: world[name].client.call("GET", path)) == "404 not-found"  # type: ignore[misc]
    assert made not in list(world["ungranted"].client.pages("/v1/access-requests"))
    stored = row(world.instance, "SELECT * FROM access_requests WHERE id::text = $1", made["id"])
    assert REASON.encode() not in stored["reason_sealed"]


def test_a_grant_that_names_the_request_answers_it(world: World, asking: Asking, tmp_path: Path) -> None:
    document = world.put(tmp_path, "letters.txt", b"of March", "correspondence")["id"]
    request = asking.ask()["id"]
    unfit = world.grant
    assert refusal(lambda: unfit(world["ungranted"], ["correspondence"], request_id=request)) == (
        "422 invalid-input"
    )
    assert refusal(lambda: unfit(asking.person, ["correspondence"], request_id=str(uuid4()))) == (
        "422 invalid-input"
    )
    grant = world.grant(asking.person, ["correspondence"], request_id=request)
    (answered,) = asking.own()
    assert (answered["state"], answered["grant_id"]) == ("granted", grant["id"])
    asking.person.client.fetch(document, tmp_path / "fetched")
    (given,) = [
        found["event"]
        for found in world["officer"].client.events(matter=world.matter)
        if found["event"].get("change", {}).get("request") == request
    ]
    assert (given["type"], given["object"]["id"]) == ("grant.given", grant["id"])
    for verb, body in (("decline", {"note": "Too late"}), ("withdraw", None)):
        assert (
            refusal(lambda verb=verb, body=body: asking.decide(request, verb, body))  # type: ignore[misc]
            == "409 request-decided"
        )


def test_of_many_answers_at_once_one_counts(world: World, asking: Asking) -> None:
    request = asking.ask()["id"]
    ends = [(world.instance.clock.now() + timedelta(days=1, hours=hour)).isoformat() for hour in range(50)]

    def answer(ends_at: str) -> str:
        try:
            world.grant(asking.person, ["correspondence"], request_id=request, ends_at=ends_at)
        except ProblemError as refused:
            return refused.slug
        return "granted"

    with ThreadPoolExecutor(25) as pool:
        answers = list(pool.map(answer, ends))
    assert answers.count("granted") == 1
    assert set(answers) <= {"granted", "request-decided", "grant-redundant"}
    granted = row(
        world.instance,
        "SELECT count(*) FROM grants WHERE member_id::text = $1 AND 'correspondence' = ANY(classes)",
        asking.person.id,
    )
    assert granted[0] == 1


def test_of_many_requests_at_once_one_is_made(asking: Asking) -> None:
    def ask(_: int) -> str:
        try:
            return str(asking.ask()["state"])
        except ProblemError as refused:
            return refused.slug

    with ThreadPoolExecutor(25) as pool:
        answers = sorted(pool.map(ask, range(50)))
    assert answers == ["open"] + ["request-open"] * 49
    assert len(asking.own()) == 1
    asking.decide(asking.own()[0]["id"], "withdraw")
    assert asking.ask()["state"] == "open"


def test_a_decline_says_why_to_who_asked_and_nobody_elses_word_counts(world: World, asking: Asking) -> None:
    request = asking.ask()["id"]
    path = f"/v1/access-requests/{request}"
    for name in ("firm_admin", "officer", "paralegal"):
        person = world[name].client
        assert (
            refusal(lambda person=person: person.call("POST", f"{path}/decline", {"note": "No"}))  # type: ignore[misc]
            == "403 forbidden"
        )
    stranger = world["other_attorney"].client
    assert refusal(lambda: stranger.call("POST", f"{path}/decline", {"note": "No"})) == "404 not-found"
    colleague = world["ungranted"].client
    assert refusal(lambda: colleague.call("POST", f"{path}/withdraw")) == "404 not-found"
    asking.decide(request, "decline", {"note": "Not before the hearing"})
    (declined,) = asking.own()
    assert (declined["state"], declined["note"]) == ("declined", "Not before the hearing")
    assert refusal(lambda: asking.decide(request, "decline", {"note": "Again"})) == "409 request-decided"


def test_one_may_ask_for_a_colleague_of_the_provider_only(world: World, asking: Asking) -> None:
    for other in (world["attorney"].id, world["provider_admin"].id, str(uuid4())):
        assert refusal(lambda other=other: asking.ask(member_id=other)) == "422 invalid-input"  # type: ignore[misc]
    made = asking.ask(member_id=world["ungranted"].id)
    assert (made["member_id"], made["requested_by"]) == (world["ungranted"].id, asking.person.id)
    (theirs,) = world["ungranted"].client.pages("/v1/access-requests")
    assert theirs == {**made, "reason": None}
    asking.decide(made["id"], "withdraw")


def test_the_end_must_be_ahead(asking: Asking) -> None:
    assert refusal(lambda: asking.ask(ends_at="2026-01-01T00:00:00Z")) == "422 invalid-input"


def test_after_a_grant_one_may_still_ask_and_a_day_has_so_many_requests(world: World, asking: Asking) -> None:
    longer = world.grant(asking.person, ["privileged"])
    for grant in (asking.grant, longer):
        world["attorney"].client.call("POST", f"/v1/grants/{grant['id']}/revoke")
    for _ in range(10):
        asking.decide(asking.ask()["id"], "withdraw")
    with pytest.raises(ProblemError, match="429 too-many-requests"):
        asking.ask()
    asking.grant = world.grant(asking.person, ["pleadings"])


def test_attorneys_hear_of_a_request_and_the_asking_of_the_answer(world: World, asking: Asking) -> None:
    request = asking.ask()["id"]

    def mails(person: Person) -> list[str]:
        told = kept(world.instance, person.email)
        return [mail.get_content() for mail in told if request in mail.get_content()]

    (asked,) = eventually(lambda: mails(world["attorney"]))
    assert f"/v1/matters/{world.matter}/access-requests" in asked
    asking.decide(request, "decline", {"note": "Not before the hearing"})
    (answered,) = eventually(lambda: mails(asking.person))
    for words in (REASON, "hearing", "correspondence", "Aster"):
        assert words not in asked + answered
    for stranger in ("firm_admin", "officer", "ungranted", "provider_admin"):
        assert mails(world[stranger]) == []
