"""A firm of one, and what ends when somebody joins it."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from tests.functional.auth.asking import Hire, Post, Together, me, renew, slug, token_of
from tests.functional.auth.test_members import put_roles, view
from tests.harness.instance import Instance
from tests.harness.people import Person, organization
from tests.harness.rows import rows

ALL = ["attorney", "compliance_officer", "firm_admin"]
PATH = "/v1/organization/solo"


@pytest.fixture
def owner(instance: Instance, operator: Person) -> Iterator[Person]:
    person = organization(instance, renew(instance, operator), "firm", "Solo Practice")[1]
    yield person
    person.client.close()


def hold_all(instance: Instance, owner: Person) -> int:
    return put_roles(instance, owner, owner.id, ALL, view(owner, owner)["etag"]).status_code


def test_the_single_member_holds_every_role_until_somebody_joins(
    instance: Instance, owner: Person, hire: Hire
) -> None:
    assert hold_all(instance, owner) == 422
    declared = owner.client.call("POST", PATH)
    assert declared["solo_since"]
    assert hold_all(instance, owner) == 200
    renew(instance, owner)
    there = me(instance, token_of(owner)).json()
    assert there["roles"] == ALL
    assert there["solo_since"] == declared["solo_since"]
    newcomer = hire(owner, ["attorney"])
    assert slug(me(instance, token_of(owner))) == "session-ended"
    renew(instance, owner)
    after = me(instance, token_of(owner)).json()
    assert (after["roles"], after["solo_since"]) == (["attorney", "firm_admin"], None)
    assert me(instance, token_of(newcomer)).status_code == 200
    assert hold_all(instance, owner) == 422
    kinds = rows(
        instance,
        "SELECT type FROM events WHERE tenant_id = $1 AND outcome = 'allowed' AND type LIKE $2 ORDER BY id",
        UUID(owner.organization),
        "organization.solo.%",
    )
    assert [row["type"] for row in kinds] == ["organization.solo.declared", "organization.solo.ended"]


def test_only_a_firm_of_one_is_solo(owner: Person, admin: Person, hire: Hire, post: Post) -> None:
    assert slug(post(PATH, None, token_of(admin))) == "not-solo"
    colleague = hire(owner, ["attorney"])
    owner.client.call("POST", f"/v1/members/{colleague.id}/suspend")
    assert slug(post(PATH, None, token_of(owner))) == "not-solo"
    owner.client.call("POST", f"/v1/members/{colleague.id}/offboard")
    assert post(PATH, None, token_of(owner)).status_code == 200


def test_of_fifty_declarations_one_wins(owner: Person, together: Together) -> None:
    answers = together([(PATH, None, token_of(owner))] * 50)
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 49
