import pytest

from tests.functional.auth.asking import Post, Together, challenge, fresh_code, me, sign_in, slug
from tests.harness.instance import Instance
from tests.harness.people import Person
from tests.harness.rows import session_events


def test_an_unknown_address_and_a_wrong_password_get_one_answer(post: Post, member: Person) -> None:
    wrong = post("/v1/sign-in", {"email": member.email, "password": "wrong password"})
    unknown = post("/v1/sign-in", {"email": "nobody@example.com", "password": "wrong password"})
    for response in (wrong, unknown):
        assert (response.status_code, slug(response)) == (401, "sign-in-failed")
        assert "redwell-event" not in response.headers
        assert "wrong password" not in response.text
    assert set(wrong.json()) == set(unknown.json())


def test_a_password_alone_opens_nothing(instance: Instance, post: Post, member: Person) -> None:
    secret = challenge(post, member)
    assert me(instance, secret).status_code == 401
    assert post("/v1/tokens/refresh", {"refresh_token": secret}).status_code == 401
    assert slug(post("/v1/join/confirm", {"challenge": secret, "code": "123456"})) == "challenge-ended"


def test_a_code_works_once_even_for_many_at_the_same_time(
    instance: Instance, post: Post, together: Together, member: Person
) -> None:
    body = {"challenge": challenge(post, member), "code": fresh_code(instance, member)}
    statuses = [response.status_code for response in together([("/v1/sign-in/confirm", body)] * 12)]
    assert sorted(statuses) == [200] + [401] * 11
    second = {"challenge": challenge(post, member), "code": body["code"]}
    assert slug(post("/v1/sign-in/confirm", second)) == "mfa-failed"


def test_a_code_of_two_steps_ago_is_too_old(instance: Instance, post: Post, member: Person) -> None:
    code = fresh_code(instance, member)
    secret = challenge(post, member)
    instance.clock.advance(60)
    assert slug(post("/v1/sign-in/confirm", {"challenge": secret, "code": code})) == "mfa-failed"


def test_five_wrong_codes_burn_a_challenge(instance: Instance, post: Post, member: Person) -> None:
    secret = challenge(post, member)
    right = fresh_code(instance, member)
    wrong = "000000" if right != "000000" else "000001"
    for _ in range(5):
        refused = post("/v1/sign-in/confirm", {"challenge": secret, "code": wrong})
        assert slug(refused) == "mfa-failed"
        assert "redwell-event" in refused.headers
    assert slug(post("/v1/sign-in/confirm", {"challenge": secret, "code": right})) == "challenge-ended"


def test_a_challenge_ends_after_five_minutes(instance: Instance, post: Post, member: Person) -> None:
    secret = challenge(post, member)
    instance.clock.advance(301)
    code = member.code(instance.clock.now())
    assert slug(post("/v1/sign-in/confirm", {"challenge": secret, "code": code})) == "challenge-ended"


@pytest.mark.parametrize("known", [True, False])
def test_ten_failures_slow_a_guesser_whoever_is_guessed(post: Post, member: Person, known: bool) -> None:  # noqa: FBT001
    email = member.email if known else f"ghost-of-{member.email}"
    body = {"email": email, "password": "wrong password"}
    assert [post("/v1/sign-in", body).status_code for _ in range(11)] == [401] * 10 + [429]
    refused = post("/v1/sign-in", {"email": email, "password": member.password})
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 900


def test_guesses_at_the_same_time_do_not_slip_past_the_limit(together: Together, member: Person) -> None:
    body = {"email": member.email, "password": "wrong password"}
    statuses = [response.status_code for response in together([("/v1/sign-in", body)] * 24)]
    assert statuses.count(401) == 10
    assert statuses.count(429) == 14


def test_the_limit_passes_with_its_window(instance: Instance, post: Post, member: Person) -> None:
    for _ in range(10):
        post("/v1/sign-in", {"email": member.email, "password": "wrong password"})
    instance.clock.advance(901)
    assert challenge(post, member)


class TestRefreshTokens:
    def test_each_works_once_and_a_second_use_ends_the_session(
        self, instance: Instance, post: Post, member: Person
    ) -> None:
        first = sign_in(instance, post, member)
        second = post("/v1/tokens/refresh", {"refresh_token": first["refresh_token"]}).json()
        assert me(instance, second["access_token"]).status_code == 200
        replayed = post("/v1/tokens/refresh", {"refresh_token": first["refresh_token"]})
        assert (replayed.status_code, slug(replayed)) == (401, "refresh-refused")
        assert slug(me(instance, second["access_token"])) == "session-ended"
        assert post("/v1/tokens/refresh", {"refresh_token": second["refresh_token"]}).status_code == 401

    def test_of_many_at_the_same_time_at_most_one_is_answered(
        self, instance: Instance, post: Post, together: Together, member: Person
    ) -> None:
        body = {"refresh_token": sign_in(instance, post, member)["refresh_token"]}
        statuses = [response.status_code for response in together([("/v1/tokens/refresh", body)] * 12)]
        assert statuses.count(200) == 1
        assert statuses.count(401) == 11

    def test_an_idle_session_ends_and_a_used_one_lasts(
        self, instance: Instance, post: Post, member: Person
    ) -> None:
        tokens = sign_in(instance, post, member)
        for _ in range(3):
            instance.clock.advance(3000)
            response = post("/v1/tokens/refresh", {"refresh_token": tokens["refresh_token"]})
            assert response.status_code == 200
            tokens = response.json()
        instance.clock.advance(3601)
        refused = post("/v1/tokens/refresh", {"refresh_token": tokens["refresh_token"]})
        assert slug(refused) == "session-ended"
        assert _refused_renewals(instance, member) == ["session-ended"]

    def test_no_session_outlasts_its_absolute_limit_however_often_it_is_renewed(
        self, instance: Instance, post: Post, member: Person
    ) -> None:
        tokens = sign_in(instance, post, member)
        for _ in range(14):
            instance.clock.advance(3000)
            response = post("/v1/tokens/refresh", {"refresh_token": tokens["refresh_token"]})
            assert response.status_code == 200
            tokens = response.json()
        instance.clock.advance(1201)
        refused = post("/v1/tokens/refresh", {"refresh_token": tokens["refresh_token"]})
        assert (refused.status_code, slug(refused)) == (401, "session-ended")
        assert me(instance, tokens["access_token"]).status_code == 401
        assert _refused_renewals(instance, member) == ["session-ended"]


def _refused_renewals(instance: Instance, person: Person) -> list[str]:
    """Why renewals of the person's sessions were refused, as their organization's log has it."""
    told = session_events(instance, person, "token.refreshed")
    return [event["reason"] for event in told if event["outcome"] == "denied"]


class TestStepUp:
    def test_a_code_makes_the_factor_fresh_and_works_once(
        self, instance: Instance, post: Post, member: Person
    ) -> None:
        token = sign_in(instance, post, member)["access_token"]
        code = fresh_code(instance, member)
        fresh = post("/v1/step-up", {"code": code}, token)
        assert fresh.status_code == 200
        assert fresh.json()["access_token"] != token
        assert slug(post("/v1/step-up", {"code": code}, token)) == "mfa-failed"

    def test_wrong_codes_are_counted_although_they_are_refused(
        self, instance: Instance, post: Post, member: Person
    ) -> None:
        token = sign_in(instance, post, member)["access_token"]
        statuses = [post("/v1/step-up", {"code": "x"}, token).status_code for _ in range(6)]
        assert statuses == [401] * 5 + [429]


def test_signing_out_ends_every_token_of_the_session_at_once(
    instance: Instance, post: Post, member: Person
) -> None:
    tokens = sign_in(instance, post, member)
    assert post("/v1/sign-out", None, tokens["access_token"]).status_code == 204
    assert slug(me(instance, tokens["access_token"])) == "session-ended"
    refused = post("/v1/tokens/refresh", {"refresh_token": tokens["refresh_token"]})
    assert slug(refused) == "session-ended"
