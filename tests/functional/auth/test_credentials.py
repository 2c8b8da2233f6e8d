"""Recovery codes, another authenticator, another password."""

from typing import Any

import pyotp
import pytest

from tests.functional.auth.asking import (
    Post,
    Together,
    challenge,
    fresh_code,
    me,
    sign_in,
    slug,
    token_of,
)
from tests.harness.instance import Instance
from tests.harness.people import PASSWORD, Person
from tests.harness.rows import rows

NEW_PASSWORD = "another battery staple"


@pytest.fixture
def codes(member: Person) -> list[str]:
    return member.client.recovery_codes()


def recovery(person: Person, code: str, **changes: str) -> dict[str, str]:
    return {"email": person.email, "password": person.password, "recovery_code": code, **changes}


def confirmation(instance: Instance, begun: dict[str, Any]) -> dict[str, str]:
    code = pyotp.TOTP(begun["totp"]["secret"]).at(instance.clock.now())
    return {"challenge": begun["challenge"], "code": code}


class TestRecovery:
    def test_it_opens_the_enrolment_of_an_authenticator_and_nothing_else(
        self, instance: Instance, member: Person, codes: list[str], post: Post
    ) -> None:
        tokens = sign_in(instance, post, member)
        waiting = {"challenge": challenge(post, member), "code": fresh_code(instance, member)}
        begun = post("/v1/recover", recovery(member, codes[0].lower().replace("-", "")))
        assert begun.status_code == 201, begun.text
        assert me(instance, tokens["access_token"]).status_code == 401
        assert post("/v1/tokens/refresh", {"refresh_token": tokens["refresh_token"]}).status_code == 401
        assert post("/v1/sign-in/confirm", waiting).status_code == 401
        secret = begun.json()["challenge"]
        assert me(instance, secret).status_code == 401
        for path in ("/v1/sign-in/confirm", "/v1/join/confirm"):
            assert slug(post(path, confirmation(instance, begun.json()))) == "challenge-ended"
        done = post("/v1/recover/confirm", confirmation(instance, begun.json()))
        assert (done.status_code, done.content) == (204, b"")
        old = {"challenge": challenge(post, member), "code": fresh_code(instance, member)}
        assert slug(post("/v1/sign-in/confirm", old)) == "mfa-failed"
        member.secret = begun.json()["totp"]["secret"]
        there = me(instance, sign_in(instance, post, member)["access_token"]).json()
        assert there["recovery_codes_left"] == 9

    def test_what_is_wrong_is_not_told(self, member: Person, codes: list[str], post: Post) -> None:
        attempts = [
            recovery(member, "AAAA-AAAA-AAAA-AAAA-AAAA-AAAA"),
            recovery(member, codes[0], password="wrong password"),
            recovery(member, codes[0], email="nobody@example.com"),
        ]
        refused = [post("/v1/recover", body) for body in attempts]
        assert {(answer.status_code, slug(answer)) for answer in refused} == {(401, "sign-in-failed")}
        assert len({tuple(sorted(answer.json())) for answer in refused}) == 1
        assert not any("redwell-event" in answer.headers for answer in refused)

    def test_a_code_works_once_even_for_fifty(
        self, member: Person, codes: list[str], together: Together
    ) -> None:
        answers = together([("/v1/recover", recovery(member, codes[0]))] * 50)
        statuses = [answer.status_code for answer in answers]
        assert statuses.count(201) == 1
        assert set(statuses) <= {201, 401, 429}

    def test_newer_codes_void_the_older_and_are_kept_as_digests(
        self, instance: Instance, member: Person, codes: list[str], post: Post
    ) -> None:
        newer = member.client.recovery_codes()
        assert len(set(newer)) == 10
        assert post("/v1/recover", recovery(member, codes[0])).status_code == 401
        kept = rows(
            instance, "SELECT code_sha256 FROM recovery_codes WHERE member_id = $1::text::uuid", member.id
        )
        assert [len(row["code_sha256"]) for row in kept] == [32] * 10
        assert post("/v1/recover", recovery(member, newer[9])).status_code == 201

    def test_new_codes_want_a_fresh_factor(self, instance: Instance, member: Person, post: Post) -> None:
        token = sign_in(instance, post, member)["access_token"]
        instance.clock.advance(301)
        for path in ("/v1/recovery-codes", "/v1/me/totp", "/v1/me/password"):
            body = {"password": PASSWORD, "new_password": NEW_PASSWORD} if path.endswith("password") else None
            assert slug(post(path, body, token)) == "step-up-required"

    def test_a_suspended_member_recovers_nothing(
        self, instance: Instance, admin: Person, member: Person, codes: list[str], post: Post
    ) -> None:
        begun = post("/v1/recover", recovery(member, codes[0])).json()
        admin.client.call("POST", f"/v1/members/{member.id}/suspend")
        assert post("/v1/recover", recovery(member, codes[1])).status_code == 401
        assert post("/v1/recover/confirm", confirmation(instance, begun)).status_code == 401


class TestAuthenticator:
    def test_the_old_one_holds_until_the_new_one_is_confirmed(
        self, instance: Instance, member: Person, post: Post
    ) -> None:
        other = sign_in(instance, post, member)
        token = sign_in(instance, post, member)["access_token"]
        begun = post("/v1/me/totp", None, token).json()
        assert sign_in(instance, post, member)
        assert (
            slug(post("/v1/me/totp/confirm", {"challenge": begun["challenge"], "code": "x"}, token))
            == "mfa-failed"
        )
        done = post("/v1/me/totp/confirm", confirmation(instance, begun), token)
        assert done.status_code == 204, done.text
        assert me(instance, token).status_code == 200
        assert slug(me(instance, other["access_token"])) == "session-ended"
        old = {"challenge": challenge(post, member), "code": fresh_code(instance, member)}
        assert slug(post("/v1/sign-in/confirm", old)) == "mfa-failed"
        member.secret = begun["totp"]["secret"]
        assert sign_in(instance, post, member)

    def test_of_many_confirmations_one_wins(
        self, instance: Instance, member: Person, post: Post, together: Together
    ) -> None:
        token = token_of(member)
        begun = post("/v1/me/totp", None, token).json()
        answers = together([("/v1/me/totp/confirm", confirmation(instance, begun), token)] * 20)
        statuses = [answer.status_code for answer in answers]
        assert statuses.count(204) == 1
        assert set(statuses) <= {204, 401, 429}

    def test_a_challenge_is_its_owners_alone(
        self, instance: Instance, admin: Person, member: Person, post: Post
    ) -> None:
        begun = post("/v1/me/totp", None, token_of(member)).json()
        refused = post("/v1/me/totp/confirm", confirmation(instance, begun), token_of(admin))
        assert slug(refused) == "challenge-ended"


class TestPassword:
    def test_a_new_one_ends_the_other_sessions(self, instance: Instance, member: Person, post: Post) -> None:
        other = sign_in(instance, post, member)
        token = sign_in(instance, post, member)["access_token"]
        body = {"password": member.password, "new_password": NEW_PASSWORD}
        assert post("/v1/me/password", body, token).status_code == 204
        assert me(instance, token).status_code == 200
        assert slug(me(instance, other["access_token"])) == "session-ended"
        assert post("/v1/sign-in", {"email": member.email, "password": PASSWORD}).status_code == 401
        member.password = NEW_PASSWORD
        assert sign_in(instance, post, member)

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"password": "wrong password"}, (403, "password-mismatch")),
            ({"new_password": "password123"}, (422, "password-refused")),
            ({"new_password": "short"}, (422, "invalid-input")),
        ],
    )
    def test_what_does_not_fit_is_refused(
        self, member: Person, post: Post, changes: dict[str, str], expected: tuple[int, str]
    ) -> None:
        body = {"password": member.password, "new_password": NEW_PASSWORD, **changes}
        refused = post("/v1/me/password", body, token_of(member))
        assert (refused.status_code, slug(refused)) == expected
        assert NEW_PASSWORD not in refused.text

    def test_of_many_changes_one_wins(self, member: Person, together: Together) -> None:
        body = {"password": member.password, "new_password": NEW_PASSWORD}
        answers = together([("/v1/me/password", body, token_of(member))] * 10)
        statuses = [answer.status_code for answer in answers]
        assert statuses.count(204) == 1
        assert set(statuses) <= {204, 403, 429}
