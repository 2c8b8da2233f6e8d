"""Several authenticators of one person: added, listed, named, used and removed."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pyotp
import pytest

from tests.functional.auth.asking import Post, Together, challenge, me, sign_in, slug, token_of
from tests.harness.instance import Instance
from tests.harness.people import Person
from tests.harness.rows import rows

PATH = "/v1/me/factors"


def add(instance: Instance, post: Post, token: str, name: str) -> tuple[dict[str, Any], str]:
    """A further authenticator: how it is listed, and its secret."""
    begun = post(f"{PATH}/totp", {"name": name}, token)
    assert begun.status_code == 201, begun.text
    secret = begun.json()["totp"]["secret"]
    added = post(f"{PATH}/totp/confirm", answer(instance, begun.json()["challenge"], secret), token)
    assert added.status_code == 200, added.text
    return added.json(), secret


def answer(instance: Instance, secret: str, seed: str) -> dict[str, str]:
    return {"challenge": secret, "code": pyotp.TOTP(seed).at(instance.clock.now())}


def sign_in_with(instance: Instance, post: Post, person: Person, seed: str) -> dict[str, Any]:
    instance.clock.advance(60)
    signed_in = post("/v1/sign-in/confirm", answer(instance, challenge(post, person), seed))
    assert signed_in.status_code == 200, signed_in.text
    tokens: dict[str, Any] = signed_in.json()
    return tokens


def factors(instance: Instance, token: str) -> list[dict[str, Any]]:
    with instance.http() as http:
        listed = http.get(PATH, headers={"Authorization": f"Bearer {token}"})
    assert listed.status_code == 200, listed.text
    items: list[dict[str, Any]] = listed.json()["items"]
    return items


def change(instance: Instance, token: str, method: str, path: str, body: Any = None) -> httpx.Response:
    with instance.http() as http:
        headers = {"Authorization": f"Bearer {token}"}
        return http.request(method, f"{PATH}/{path}", json=body, headers=headers)


def test_a_further_authenticator_works_beside_the_first(
    instance: Instance, member: Person, post: Post
) -> None:
    token = token_of(member)
    added, seed = add(instance, post, token, "Phone in the safe")
    assert (added["kind"], added["name"]) == ("totp", "Phone in the safe")
    assert sign_in(instance, post, member)
    newer = sign_in_with(instance, post, member, seed)["access_token"]
    listed = factors(instance, newer)
    assert [one["name"] for one in listed] == [None, "Phone in the safe"]
    assert all(one["used_at"] is not None for one in listed)
    assert not any(text in str(listed) for text in (seed, member.secret))
    (kept,) = rows(instance, "SELECT name_sealed FROM totp_factors WHERE id = $1", uuid.UUID(added["id"]))
    assert b"Phone" not in kept[0]
    told = rows(
        instance,
        "SELECT type FROM events WHERE object_id = $1 AND type LIKE 'member.factor.%' ORDER BY id",
        uuid.UUID(member.id),
    )
    assert [row["type"] for row in told][:2] == ["member.factor.addition.started", "member.factor.added"]


def test_a_step_works_once_with_each_authenticator_also_in_parallel(
    instance: Instance, member: Person, post: Post, together: Together
) -> None:
    _, seed = add(instance, post, token_of(member), "Other")
    instance.clock.advance(60)
    waiting = [challenge(post, member) for _ in range(6)]
    bodies = [answer(instance, secret, seed) for secret in waiting]
    answers = together([("/v1/sign-in/confirm", body) for body in bodies])
    assert sorted(one.status_code for one in answers) == [200] + [401] * 5
    first = post("/v1/sign-in/confirm", answer(instance, challenge(post, member), member.secret))
    assert first.status_code == 200, first.text


def test_a_removed_one_takes_the_sessions_that_it_opened(
    instance: Instance, member: Person, post: Post
) -> None:
    first = token_of(member)
    added, seed = add(instance, post, first, "Lost phone")
    lost = sign_in_with(instance, post, member, seed)
    with_first = sign_in(instance, post, member)["access_token"]
    named = change(instance, with_first, "PUT", f"{added['id']}/name", {"name": "Stolen phone"})
    assert named.json()["name"] == "Stolen phone"
    gone = change(instance, with_first, "DELETE", added["id"])
    assert (gone.status_code, gone.content) == (204, b"")
    assert slug(me(instance, lost["access_token"])) == "session-ended"
    assert post("/v1/tokens/refresh", {"refresh_token": lost["refresh_token"]}).status_code == 401
    assert {me(instance, token).status_code for token in (first, with_first)} == {200}
    instance.clock.advance(60)
    refused = post("/v1/sign-in/confirm", answer(instance, challenge(post, member), seed))
    assert slug(refused) == "mfa-failed"
    assert slug(change(instance, with_first, "DELETE", added["id"])) == "not-found"


def test_the_last_one_stays_also_when_both_are_removed_at_once(
    instance: Instance, member: Person, post: Post, together: Together
) -> None:
    token = token_of(member)
    (only,) = factors(instance, token)
    assert slug(change(instance, token, "DELETE", only["id"])) == "last-factor"
    add(instance, post, token, "Second")
    ids = [one["id"] for one in factors(instance, token)]
    statuses = sorted(answer.status_code for answer in together([(PATH, ids[n], token) for n in (0, 1)]))
    assert statuses[0] == 204
    assert statuses[1] in {401, 409}  # 401: the session was opened with what is gone
    left = rows(instance, "SELECT id FROM totp_factors WHERE member_id = $1", uuid.UUID(member.id))
    assert len(left) == 1


@pytest.fixture
def together(instance: Instance) -> Together:
    """Sign-ins and removals at the same time."""

    def one(request: tuple[Any, ...]) -> httpx.Response:
        if request[0] == PATH:
            return change(instance, request[2], "DELETE", request[1])
        with instance.http() as http:
            return http.post(request[0], json=request[1])

    def send(requests: list[tuple[Any, ...]]) -> list[httpx.Response]:
        with ThreadPoolExecutor(len(requests)) as threads:
            return list(threads.map(one, requests))

    return send


def test_changes_want_a_fresh_factor_and_are_ones_own(
    instance: Instance, member: Person, admin: Person, post: Post
) -> None:
    token = sign_in(instance, post, member)["access_token"]
    (only,) = factors(instance, token)
    stranger = token_of(admin)
    assert slug(change(instance, stranger, "DELETE", only["id"])) == "not-found"
    assert slug(change(instance, stranger, "PUT", f"{only['id']}/name", {"name": "x"})) == "not-found"
    begun = post(f"{PATH}/totp", {"name": "Mine"}, token).json()
    body = answer(instance, begun["challenge"], begun["totp"]["secret"])
    assert slug(post(f"{PATH}/totp/confirm", body, stranger)) == "challenge-ended"
    replacing = post("/v1/me/totp", None, token).json()
    assert slug(post(f"{PATH}/totp/confirm", body, token)) == "challenge-ended"
    crossed = answer(instance, replacing["challenge"], replacing["totp"]["secret"])
    assert slug(post(f"{PATH}/totp/confirm", crossed, token)) == "challenge-ended"
    instance.clock.advance(301)
    for method, path in (("POST", "totp"), ("DELETE", only["id"]), ("PUT", f"{only['id']}/name")):
        late = {"name": "Late"} if method != "DELETE" else None
        assert slug(change(instance, token, method, path, late)) == "step-up-required"


def test_five_are_enough(instance: Instance, member: Person, post: Post) -> None:
    token = token_of(member)
    for number in range(4):
        add(instance, post, token, f"Number {number + 2}")
    assert slug(post(f"{PATH}/totp", {"name": "Sixth"}, token)) == "too-many-factors"


def test_recovery_and_replacement_leave_the_new_one_alone(
    instance: Instance, member: Person, post: Post
) -> None:
    token = token_of(member)
    _, seed = add(instance, post, token, "Other")
    begun = post("/v1/me/totp", None, token).json()
    body = answer(instance, begun["challenge"], begun["totp"]["secret"])
    assert post("/v1/me/totp/confirm", body, token).status_code == 204
    assert len(factors(instance, token)) == 1
    instance.clock.advance(60)
    for gone in (seed, member.secret):
        refused = post("/v1/sign-in/confirm", answer(instance, challenge(post, member), gone))
        assert slug(refused) == "mfa-failed"
    _, other = add(instance, post, token, "Other again")
    member.client.tokens = None
    recovered = sign_in_with(instance, post, member, other)["access_token"]
    codes = post("/v1/recovery-codes", None, recovered).json()["codes"]
    words = {"email": member.email, "password": member.password, "recovery_code": codes[0]}
    anew = post("/v1/recover", words).json()
    body = answer(instance, anew["challenge"], anew["totp"]["secret"])
    assert post("/v1/recover/confirm", body).status_code == 204
    member.secret = anew["totp"]["secret"]
    assert len(factors(instance, sign_in(instance, post, member)["access_token"])) == 1
