"""The only administrator lost both factors: two persons, or a delay with notice."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.functional.auth.asking import Hire, Post, Together, me, renew, sign_in, slug, token_of
from tests.functional.auth.test_credentials import NEW_PASSWORD, confirmation, recovery
from tests.harness.instance import Instance
from tests.harness.people import Person, organization
from tests.harness.rows import rows

HOUR = 3600


@pytest.fixture
def owner(instance: Instance, operator: Person) -> Iterator[Person]:
    """The only administrator of a firm of this test's own."""
    person = organization(instance, renew(instance, operator), "firm", "Quay Chambers")[1]
    yield person
    person.client.close()


def path(owner: Person, what: str = "") -> str:
    return f"/v1/organizations/{owner.organization}/factor-reset{what}"


def redeemed(owner: Person, code: str, **changes: str) -> dict[str, str]:
    return {"code": code, "email": owner.email, "password": NEW_PASSWORD, **changes}


def ask(operator: Person, owner: Person) -> dict[str, Any]:
    return operator.client.call("POST", path(owner))


def test_a_second_operator_releases_and_the_owner_enrols_anew(
    instance: Instance, operator: Person, owner: Person, hire: Hire, post: Post
) -> None:
    codes, other = owner.client.recovery_codes(), hire(operator, ["operator"])
    asked = ask(operator, owner)
    assert (asked["state"], asked["member_id"]) == ("pending", owner.id)
    assert me(instance, token_of(owner)).json()["pending_reset"] == asked
    alone = post(path(owner, "/release"), None, token_of(operator))
    assert (alone.status_code, slug(alone)) == (409, "second-person-needed")
    assert slug(post(path(owner), None, token_of(operator))) == "reset-pending"
    code = other.client.call("POST", path(owner, "/release"))["code"]
    assert post("/v1/join", {**redeemed(owner, code), "name": "Thief"}).status_code == 404
    stranger = post("/v1/recover/reset", redeemed(owner, code, email="thief@example.com"))
    assert (stranger.status_code, slug(stranger)) == (403, "invitation-for-another")
    begun = post("/v1/recover/reset", redeemed(owner, code))
    assert begun.status_code == 201, begun.text
    assert me(instance, token_of(owner)).status_code == 401
    done = post("/v1/recover/confirm", confirmation(instance, begun.json()))
    assert done.status_code == 204, done.text
    assert post("/v1/recover/reset", redeemed(owner, code)).status_code == 410
    owner.password, owner.secret = NEW_PASSWORD, begun.json()["totp"]["secret"]
    assert post("/v1/recover", recovery(owner, codes[0])).status_code == 401
    there = me(instance, sign_in(instance, post, owner)["access_token"]).json()
    assert (there["pending_reset"], there["recovery_codes_left"]) == (None, 0)
    kinds = rows(
        instance,
        "SELECT type, tenant_id FROM events WHERE object_id = $1::text::uuid AND outcome = 'allowed'",
        asked["id"],
    )
    acts = {"organization.factor_reset.requested", "organization.factor_reset.released"}
    trees = {operator.organization, owner.organization}
    assert {(row["type"], str(row["tenant_id"])) for row in kinds} == {
        (kind, tree) for kind in acts for tree in trees
    }


def test_one_operator_must_wait_three_days(
    instance: Instance, operator: Person, owner: Person, post: Post
) -> None:
    ask(operator, owner)
    instance.clock.advance(71 * HOUR)
    renew(instance, operator)
    assert slug(post(path(owner, "/release"), None, token_of(operator))) == "second-person-needed"
    instance.clock.advance(HOUR)
    renew(instance, operator)
    assert post(path(owner, "/release"), None, token_of(operator)).status_code == 200


def test_an_administrators_session_stops_it_even_without_a_fresh_factor(
    instance: Instance, operator: Person, owner: Person, hire: Hire, post: Post
) -> None:
    other = hire(operator, ["operator"])
    ask(operator, owner)
    code = other.client.call("POST", path(owner, "/release"))["code"]
    begun = post("/v1/recover/reset", redeemed(owner, code, email=owner.email.upper()))
    assert begun.status_code == 201
    assert post("/v1/organization/factor-reset/cancel", None, token_of(owner)).status_code == 401
    assert post("/v1/recover/confirm", confirmation(instance, begun.json())).status_code == 204
    owner.password, owner.secret = NEW_PASSWORD, begun.json()["totp"]["secret"]
    token = sign_in(instance, post, owner)["access_token"]
    ask(renew(instance, operator), owner)
    instance.clock.advance(301)
    cancelled = post("/v1/organization/factor-reset/cancel", None, token)
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert post("/v1/organization/factor-reset/cancel", None, token).status_code == 404
    assert post(path(owner, "/release"), None, token_of(renew(instance, operator))).status_code == 404


def test_a_cancelled_code_opens_nothing(
    instance: Instance, operator: Person, owner: Person, hire: Hire, post: Post
) -> None:
    other = hire(operator, ["operator"])
    ask(operator, owner)
    code = other.client.call("POST", path(owner, "/release"))["code"]
    assert owner.client.call("POST", "/v1/organization/factor-reset/cancel")["state"] == "cancelled"
    assert post("/v1/recover/reset", redeemed(owner, code)).status_code == 410
    assert me(instance, token_of(owner)).status_code == 200


def test_it_is_for_an_only_administrator(operator: Person, owner: Person, hire: Hire, post: Post) -> None:
    hire(owner, ["firm_admin"])
    refused = post(path(owner), None, token_of(operator))
    assert (refused.status_code, slug(refused)) == (409, "not-the-only-administrator")
    assert (
        post(f"/v1/organizations/{operator.organization}/factor-reset", None, token_of(operator)).status_code
        == 404
    )


def test_of_fifty_requests_and_releases_one_wins(
    operator: Person, owner: Person, hire: Hire, together: Together
) -> None:
    other = hire(operator, ["operator"])
    asked = together([(path(owner), None, token_of(operator))] * 50)
    assert sorted(answer.status_code for answer in asked) == [201] + [409] * 49
    released = together([(path(owner, "/release"), None, token_of(other))] * 50)
    assert sorted(answer.status_code for answer in released) == [200] + [404] * 49
