"""What failures cost whom. Sources are loopback addresses of a test's own, so that none slows another."""

import asyncio
import json
import secrets
import ssl
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from clients.python.redwell_client import ProblemError
from services.auth.identity import IdentityKeys
from services.keys.files import KeyDirectory, KeyFile
from tests.functional.auth.asking import Post, challenge, renew, sign_in, slug
from tests.harness.instance import Instance
from tests.harness.people import Person, join, organization
from tests.harness.rows import rows

WRONG = "wrong password"
_FAILED = """
INSERT INTO throttles (tenant_id, source, failures, window_ends_at) VALUES ($1, $2, 1000, $3)
ON CONFLICT (tenant_id, source) DO UPDATE SET failures = 1000, window_ends_at = $3
"""


def send_from(instance: Instance, source: str, path: str, body: dict[str, Any]) -> httpx.Response:
    context = ssl.create_default_context(cafile=str(instance.ca))
    transport = httpx.HTTPTransport(local_address=source, verify=context)
    with httpx.Client(base_url=instance.url, transport=transport, trust_env=False, timeout=60) as http:
        return http.post(path, json=body)


def ghost() -> str:
    return f"ghost-{secrets.token_hex(4)}@example.com"


def test_failures_in_one_organization_are_not_forgotten_by_a_success_in_another(
    instance: Instance, post: Post, operator: Person, member: Person
) -> None:
    elsewhere, other_admin = organization(instance, renew(instance, operator), "provider", "Second House")
    body = {"email": member.email, "roles": ["provider_lead"]}
    made = renew(instance, other_admin).client.call("POST", "/v1/invitations", body)
    join(instance, made["code"], "member", member.email).client.close()
    other_admin.client.close()
    here = {"email": member.email, "password": WRONG, "organization_id": member.organization}
    there = {"email": member.email, "password": member.password, "organization_id": elsewhere}
    assert [post("/v1/sign-in", here).status_code for _ in range(9)] == [401] * 9
    assert post("/v1/sign-in", there).status_code == 200
    assert [post("/v1/sign-in", here).status_code for _ in range(2)] == [401, 429]
    assert post("/v1/sign-in", there).status_code == 200


def test_a_success_gives_back_its_own_attempt_and_no_failure(post: Post, member: Person) -> None:
    body = {"email": member.email, "password": WRONG}
    assert [post("/v1/sign-in", body).status_code for _ in range(9)] == [401] * 9
    assert challenge(post, member)
    assert challenge(post, member)
    assert [post("/v1/sign-in", body).status_code for _ in range(2)] == [401, 429]


def test_a_source_that_fails_too_often_waits_whomever_it_tries(
    instance: Instance, post: Post, member: Person
) -> None:
    source = "127.0.0.20"
    right = {"email": member.email, "password": member.password}
    code = {"code": "unknown", "email": ghost(), "name": "Ghost", "password": member.password}
    reset = {key: value for key, value in code.items() if key != "name"}
    for _ in range(20):
        assert send_from(instance, source, "/v1/sign-in", right).status_code == 200
        guess = {"email": ghost(), "password": WRONG}
        assert send_from(instance, source, "/v1/sign-in", guess).status_code == 401
        assert send_from(instance, source, "/v1/join", code).status_code == 404
        assert send_from(instance, source, "/v1/recover/reset", reset).status_code == 404
    unknown = {"email": ghost(), "password": WRONG}
    for path, body in (
        ("/v1/sign-in", unknown),
        ("/v1/sign-in", right),
        ("/v1/join", code),
        ("/v1/recover/reset", reset),
    ):
        refused = send_from(instance, source, path, body)
        assert (refused.status_code, slug(refused)) == (429, "too-many-requests")
        assert 0 < int(refused.headers["retry-after"]) <= 900
    assert post("/v1/sign-in", right).status_code == 200
    instance.clock.advance(901)
    assert send_from(instance, source, "/v1/sign-in", right).status_code == 200


def test_whoever_guesses_at_one_address_does_not_stop_the_owner_at_another(
    instance: Instance, post: Post, member: Person
) -> None:
    guess = {"email": member.email, "password": WRONG}
    answers = [send_from(instance, "127.0.4.1", "/v1/sign-in", guess).status_code for _ in range(11)]
    assert answers == [401] * 10 + [429]
    assert sign_in(instance, post, member)["access_token"]
    right = guess | {"password": member.password}
    assert send_from(instance, "127.0.4.1", "/v1/sign-in", right).status_code == 429


def test_after_a_day_s_failures_only_known_addresses_may_try(
    instance: Instance, post: Post, member: Person
) -> None:
    unknown = ghost()
    sign_in(instance, post, member)
    for email in (member.email, unknown):
        guess = {"email": email, "password": WRONG}
        for batch in range(2):
            for address in range(5):
                source = f"127.0.{batch + 1}.{address + 1}"
                answers = [send_from(instance, source, "/v1/sign-in", guess) for _ in range(10)]
                assert [response.status_code for response in answers] == [401] * 10
            instance.clock.advance(3601)
        refused = send_from(instance, "127.0.3.1", "/v1/sign-in", guess | {"password": member.password})
        assert refused.status_code == 429
        assert 3600 < int(refused.headers["retry-after"]) <= 86400
    assert challenge(post, member)
    instance.clock.advance(86400)
    right = {"email": member.email, "password": member.password}
    assert send_from(instance, "127.0.3.1", "/v1/sign-in", right).status_code == 200


def test_an_administrator_lifts_what_an_attack_has_cost(
    instance: Instance, post: Post, member: Person, admin: Person
) -> None:
    """Not what an address has failed itself; and whoever failed elsewhere still needs the right secret."""
    keys = IdentityKeys(KeyDirectory(instance.data / "keys").secret(KeyFile.IDENTITY).key)
    tenant, who = UUID(member.organization), UUID(member.id)
    counts = [keys.throttle_source(kind, who.bytes) for kind in ("password", "password-day", "code")]
    ends = instance.clock.now() + timedelta(hours=20)
    for count in counts:
        rows(instance, _FAILED, tenant, count, ends)
    right = {"email": member.email, "password": member.password}
    assert send_from(instance, "127.0.4.1", "/v1/sign-in", right).status_code == 429
    path = f"/v1/members/{member.id}/unlock"
    with pytest.raises(ProblemError, match="404 not-found"):
        admin.client.call("POST", f"/v1/members/{uuid4()}/unlock")
    assert admin.client.call("POST", path)["id"] == member.id
    assert send_from(instance, "127.0.4.1", "/v1/sign-in", right | {"password": WRONG}).status_code == 401
    sign_in(instance, post, member)
    told = rows(instance, "SELECT body FROM events WHERE type = 'member.unlocked' AND object_id = $1", who)
    assert [json.loads(event["body"])["change"]["counts"] >= 3 for event in told] == [True]
    instance.clock.advance(301)
    with pytest.raises(ProblemError, match="step-up-required"):
        admin.client.call("POST", path)


def test_counts_whose_window_is_over_are_deleted_in_passing(instance: Instance, post: Post) -> None:
    for _ in range(3):
        post("/v1/sign-in", {"email": ghost(), "password": WRONG})
    instance.clock.advance(2 * 86400)
    before = asyncio.run(_over(instance))
    assert before >= 9
    post("/v1/sign-in", {"email": ghost(), "password": WRONG})
    assert asyncio.run(_over(instance)) <= max(0, before - 9)


async def _over(instance: Instance) -> int:
    connection = await asyncpg.connect(instance.superuser_dsn())
    try:
        query = "SELECT count(*) FROM throttles WHERE window_ends_at < $1"
        return int(await connection.fetchval(query, instance.clock.now()))
    finally:
        await connection.close()
