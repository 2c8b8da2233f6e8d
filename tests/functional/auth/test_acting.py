"""For whom one may act. This needs an engagement, so it happens in the common world."""

from uuid import uuid4

import pytest

from tests.functional.auth.asking import Post, me, sign_in, slug
from tests.harness.instance import Instance
from tests.harness.people import World


def test_a_paralegal_acts_for_the_firm_that_engaged_their_provider(
    instance: Instance, world: World, post: Post
) -> None:
    tokens = sign_in(instance, post, world["ungranted"])
    home = me(instance, tokens["access_token"]).json()
    assert home["acting_for"] == world.provider
    switched = post("/v1/tokens/switch", {"organization_id": world.firm}, tokens["access_token"]).json()
    there = me(instance, switched["access_token"]).json()
    assert there["acting_for"] == world.firm
    assert "document:read" in there["scope"].split()
    renewed = post(
        "/v1/tokens/refresh", {"refresh_token": tokens["refresh_token"], "acting_for": world.firm}
    ).json()
    assert renewed["acting_for"] == world.firm


def test_a_firm_without_an_engagement_and_no_firm_at_all_are_one_answer(
    instance: Instance, world: World, post: Post
) -> None:
    tokens = sign_in(instance, post, world["ungranted"])
    for target in (world.other_firm, str(uuid4())):
        refused = post("/v1/tokens/switch", {"organization_id": target}, tokens["access_token"])
        assert (refused.status_code, slug(refused)) == (404, "not-found")
    body = {"refresh_token": tokens["refresh_token"], "acting_for": world.other_firm}
    assert slug(post("/v1/tokens/refresh", body)) == "not-found"
    del body["acting_for"]
    assert post("/v1/tokens/refresh", body).status_code == 200


@pytest.mark.parametrize("role", ["provider_admin", "provider_officer"])
def test_a_role_that_may_do_nothing_for_a_firm_is_refused(
    instance: Instance, world: World, post: Post, role: str
) -> None:
    token = sign_in(instance, post, world[role])["access_token"]
    refused = post("/v1/tokens/switch", {"organization_id": world.firm}, token)
    assert (refused.status_code, slug(refused)) == (403, "forbidden")


def test_a_firm_sees_the_staff_of_the_provider_it_engaged_and_of_no_other(
    instance: Instance, world: World, post: Post
) -> None:
    path = f"/v1/providers/{world.provider}/members"
    with instance.http() as http:
        answers = {
            role: http.get(
                path,
                headers={"Authorization": f"Bearer {sign_in(instance, post, world[role])['access_token']}"},
            )
            for role in ("attorney", "other_attorney")
        }
    assert world["paralegal"].id in {item["id"] for item in answers["attorney"].json()["items"]}
    assert "email" not in answers["attorney"].text
    assert answers["other_attorney"].status_code == 404
