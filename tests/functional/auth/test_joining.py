import secrets
from typing import Any

import pyotp
import pytest

from tests.functional.auth.asking import Post, Together, renew, slug, token_of
from tests.harness.instance import Instance
from tests.harness.people import PASSWORD, Person


def invitation(admin: Person) -> tuple[str, dict[str, Any]]:
    """A new invitation: its address and the answer."""
    email = f"new-{secrets.token_hex(4)}@example.com"
    return email, admin.client.call("POST", "/v1/invitations", {"email": email, "roles": ["paralegal"]})


def newcomer(code: str, email: str, **changes: str) -> dict[str, str]:
    return {"code": code, "email": email, "name": "Newcomer", "password": PASSWORD, **changes}


def answer(instance: Instance, enrolment: dict[str, Any]) -> dict[str, str]:
    code = pyotp.TOTP(enrolment["totp"]["secret"]).at(instance.clock.now())
    return {"challenge": enrolment["challenge"], "code": code}


def test_a_code_works_until_it_was_confirmed_and_never_after(
    instance: Instance, admin: Person, post: Post
) -> None:
    email, made = invitation(admin)
    abandoned = post("/v1/join", newcomer(made["code"], email)).json()
    begun = post("/v1/join", newcomer(made["code"], email.upper())).json()
    assert slug(post("/v1/join/confirm", answer(instance, abandoned))) == "challenge-ended"
    assert post("/v1/join/confirm", answer(instance, begun)).status_code == 200
    again = post("/v1/join", newcomer(made["code"], email))
    assert (again.status_code, slug(again)) == (410, "invitation-ended")
    assert post("/v1/join/confirm", answer(instance, begun)).status_code == 401


def test_of_many_redeemers_exactly_one_wins(instance: Instance, admin: Person, together: Together) -> None:
    email, made = invitation(admin)
    begun = together([("/v1/join", newcomer(made["code"], email))] * 10)
    assert {response.status_code for response in begun} == {201}
    answers = [("/v1/join/confirm", answer(instance, response.json())) for response in begun]
    confirmed = together(answers * 2)
    assert sorted(response.status_code for response in confirmed)[:2] == [200, 401]


def test_an_invitation_is_for_one_address(admin: Person, post: Post) -> None:
    _, made = invitation(admin)
    refused = post("/v1/join", newcomer(made["code"], "somebody.else@example.com"))
    assert (refused.status_code, slug(refused)) == (403, "invitation-for-another")
    assert "redwell-event" in refused.headers


def test_a_newer_invitation_replaces_the_older(admin: Person, post: Post) -> None:
    email, older = invitation(admin)
    newer = post("/v1/invitations", {"email": email, "roles": ["paralegal"]}, token_of(admin))
    assert newer.status_code == 201
    assert post("/v1/join", newcomer(older["code"], email)).status_code == 410
    assert post("/v1/join", newcomer(newer.json()["code"], email)).status_code == 201


@pytest.mark.parametrize("password", ["password123", "my redwell password", "Quiet Harbour Support 1"])
def test_an_easily_guessed_password_is_refused_without_being_repeated(
    admin: Person, post: Post, password: str
) -> None:
    email, made = invitation(admin)
    refused = post("/v1/join", newcomer(made["code"], email, password=password))
    assert (refused.status_code, slug(refused)) == (422, "password-refused")
    assert password not in refused.text


def test_an_unknown_code_tells_nothing(post: Post) -> None:
    refused = post("/v1/join", newcomer("rw_inv_" + "x" * 43, "a@example.com"))
    assert (refused.status_code, slug(refused)) == (404, "not-found")


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        (["attorney"], 422),
        (["operator"], 422),
        (["paralegal", "compliance_officer"], 422),
        ([], 422),
        (["paralegal", "provider_lead"], 201),
    ],
)
def test_roles_must_suit_the_organization_and_each_other(
    admin: Person, post: Post, roles: list[str], expected: int
) -> None:
    body = {"email": f"x-{secrets.token_hex(4)}@example.com", "roles": roles}
    assert post("/v1/invitations", body, token_of(admin)).status_code == expected


def test_nobody_is_invited_twice(admin: Person, member: Person, post: Post) -> None:
    body = {"email": member.email, "roles": ["paralegal"]}
    refused = post("/v1/invitations", body, token_of(admin))
    assert (refused.status_code, slug(refused)) == (409, "member-exists")


def test_a_first_administrator_is_handed_over_once(instance: Instance, operator: Person, post: Post) -> None:
    token = token_of(renew(instance, operator))
    made = post("/v1/organizations", {"kind": "firm", "name": "Elm Row LLP"}, token).json()
    path = f"/v1/organizations/{made['organization']['id']}/first-administrator"
    newer = post(path, None, token)
    assert newer.status_code == 201
    email = f"first-{secrets.token_hex(4)}@example.com"
    assert post("/v1/join", newcomer(made["first_administrator"]["code"], email)).status_code == 410
    begun = post("/v1/join", newcomer(newer.json()["code"], email)).json()
    assert begun["roles"] == ["firm_admin"]
    assert post("/v1/join/confirm", answer(instance, begun)).status_code == 200
    assert slug(post(path, None, token)) == "administrator-exists"
