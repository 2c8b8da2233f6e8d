"""One refresh token in many hands at once, in each shape of the product."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import httpx

from tests.harness.people import World, invite
from tests.harness.rows import rows, session_events

AT_ONCE = 20
UNUSED = """
SELECT t.id FROM refresh_tokens t JOIN sessions s ON s.tenant_id = t.tenant_id AND s.id = t.session_id
WHERE t.tenant_id = $1 AND s.member_id = $2 AND t.used_at IS NULL
"""
SESSIONS = "SELECT end_reason FROM sessions WHERE tenant_id = $1 AND member_id = $2"


def test_of_many_uses_at_once_one_has_a_successor_and_the_family_ends(world: World) -> None:
    person = invite(world.instance, world["firm_admin"], ["attorney"], "renewing")
    assert person.client.tokens is not None
    body = {"refresh_token": person.client.tokens.refresh}

    def use(_: int) -> httpx.Response:
        with world.instance.http() as http:
            return http.post("/v1/tokens/refresh", json=body)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(threads.map(use, range(AT_ONCE)))
    person.client.close()
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * (AT_ONCE - 1)
    (winner,) = (answer.json() for answer in answers if answer.status_code == 200)
    (reuse,) = session_events(world.instance, person, "token.reuse_detected")
    assert (reuse["outcome"], reuse["reason"]) == ("denied", "refresh-refused")
    names = (UUID(person.organization), UUID(person.id))
    assert [found["end_reason"] for found in rows(world.instance, SESSIONS, *names)] == ["token-reused"]
    assert len(rows(world.instance, UNUSED, *names)) == 1
    with world.instance.http() as http:
        after = http.post("/v1/tokens/refresh", json={"refresh_token": winner["refresh_token"]})
        mine = http.get("/v1/me", headers={"Authorization": f"Bearer {winner['access_token']}"})
    assert (after.status_code, mine.status_code) == (401, 401)
