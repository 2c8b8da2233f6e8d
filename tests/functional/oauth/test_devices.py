"""Devices over HTTP: what is refused, what approving gives, and to whom."""

import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import pytest
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client import OAuth2Client

from clients.python.redwell_client import ProblemError, Redwell, Tokens
from tests.functional.oauth.asking import error_of, refusal
from tests.functional.oauth.devices import GRANT, ask, decide, new_device
from tests.harness.calls import stored_event
from tests.harness.people import Person, World, invite
from tests.harness.rows import change_of, row, rows


@pytest.fixture
def person(office: World) -> Iterator[Person]:
    """Somebody who has just shown both factors."""
    made = invite(office.instance, office["firm_admin"], ["attorney"], "owner")
    yield made
    made.client.close()


def test_who_names_no_client_of_ours_gets_no_code(office: World) -> None:
    assert error_of(ask(office, device_name="x")) == (400, "invalid-request")
    assert error_of(ask(office, client_id="another")) == (401, "client-refused")
    assert error_of(ask(office, client_id="redwell", device_name="a\u202eb")) == (400, "invalid-request")
    assert error_of(ask(office, client_id="redwell", device_name="a" * 101)) == (400, "invalid-request")


def test_an_unknown_device_gets_nothing(office: World) -> None:
    device = new_device(office)
    assert device.told["verification_uri"] == f"{office.instance.url}/device"
    assert (device.told["interval"], device.told["expires_in"]) == (5, 600)
    assert error_of(device.poll(device_code="rw_dev_unknown")) == (400, "invalid-grant")
    assert error_of(device.poll(device_code="")) == (400, "invalid-request")
    assert error_of(device.poll(client_id="")) == (400, "invalid-request")
    assert error_of(device.poll(client_id="another")) == (401, "client-refused")


def test_codes_lie_there_as_digests_and_names_sealed(office: World) -> None:
    device = new_device(office, "The laptop of Grace")
    kept = b"".join(value for value in device.row().values() if isinstance(value, bytes))
    for secret in (device.told["device_code"], device.user_code, device.user_code.replace("-", "")):
        assert secret.encode() not in kept
    assert b"Grace" not in kept


def test_who_asks_too_often_has_to_wait_longer_each_time(office: World) -> None:
    device = new_device(office)
    assert device.error() == "authorization_pending"
    device.must_wait(60)
    assert device.error() == "slow_down"
    device.later(30)
    assert device.error() == "slow_down"
    assert device.row()["interval_seconds"] == 70
    device.later(70)
    assert device.error() == "authorization_pending"


def test_a_code_that_nobody_typed_in_time_is_over(office: World, person: Person) -> None:
    device = new_device(office)
    device.run_out()
    assert device.error() == "expired_token"
    assert refusal(lambda: decide(person, "find", device.user_code)) == "404 not-found"
    assert refusal(lambda: decide(person, "approve", device.user_code)) == "404 not-found"


def test_a_device_that_was_denied_stays_so(office: World, person: Person) -> None:
    device = new_device(office)
    assert decide(person, "deny", device.user_code)["name"] == "redwell on a laptop"
    assert device.error() == "access_denied"
    assert refusal(lambda: decide(person, "approve", device.user_code)) == "404 not-found"
    assert device.error() == "access_denied"


def test_nobody_decides_without_a_fresh_factor(office: World, person: Person) -> None:
    device = new_device(office)
    rows(
        office.instance,
        "UPDATE sessions SET auth_time = auth_time - interval '6 minutes' WHERE member_id = $1",
        UUID(person.id),
    )
    person.client.refresh()
    for act in ("find", "approve", "deny"):
        assert refusal(partial(decide, person, act, device.user_code)) == "401 step-up-required"
    with pytest.raises(ProblemError, match="401 token-missing"), office.instance.client() as nobody:
        nobody.call("POST", "/v1/devices/find", {"user_code": device.user_code})
    assert device.error() == "authorization_pending"


def test_guessing_stops_one_person_and_no_other(office: World, person: Person) -> None:
    device = new_device(office)
    for _ in range(10):
        assert refusal(lambda: decide(person, "find", "BBBB-BBBB")) == "404 not-found"
    for act in ("find", "approve", "deny"):
        told = refusal(partial(decide, person, act, device.user_code))
        assert told == "429 too-many-requests"
    assert decide(office.operator, "deny", device.user_code)["id"] == str(device.row()["id"])


def test_who_asks_for_code_after_code_waits(office: World) -> None:
    assert {ask(office, client_id="redwell").status_code for _ in range(20)} == {200}
    refused = ask(office, client_id="redwell")
    assert error_of(refused) == (429, "too-many-requests")
    assert int(refused.headers["retry-after"]) > 0


async def test_approving_says_what_it_signs_in_and_leaves_evidence(office: World, person: Person) -> None:
    device = new_device(office)
    typed = device.user_code.lower().replace("-", " ")
    seen = decide(person, "find", typed)
    assert (seen["name"], seen["from_here"]) == ("redwell on a laptop", True)
    assert person.client.call("GET", "/v1/me/sessions")["items"][0]["current"] is True
    told = person.client._http.post(
        "/v1/devices/approve", json={"user_code": typed}, headers=person.client._headers()
    )
    assert told.json() == seen
    event = await stored_event(office.instance, told.headers["redwell-event"])
    assert event is not None
    assert (event["type"], str(event["actor_id"])) == ("device.approved", person.id)
    newest, mine = person.client.call("GET", "/v1/me/sessions")["items"]
    assert (newest["name"], newest["current"], mine["current"]) == ("redwell on a laptop", False, True)
    assert change_of(event) == {"session": newest["id"]}
    assert (newest["methods"], newest["proved_at"]) == (mine["methods"], mine["proved_at"])
    assert newest["expires_at"] == mine["expires_at"]


def test_a_device_collects_once_and_is_a_session_like_others(office: World, person: Person) -> None:
    device = new_device(office)
    decide(person, "approve", device.user_code)
    assert refusal(lambda: decide(office["attorney"], "find", device.user_code)) == "404 not-found"
    answer = device.poll()
    assert answer.status_code == 200, answer.text
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    assert error_of(device.poll()) == (400, "invalid-grant")
    denied = row(
        office.instance,
        "SELECT * FROM events WHERE type = 'token.issued' AND outcome = 'denied' AND object_id = $1",
        device.row()["id"],
    )
    assert str(denied["tenant_id"]) == office.firm
    with Redwell(office.instance.url, ca=office.instance.ca, tokens=Tokens.of(answer.json())) as client:
        assert client.call("GET", "/v1/me")["id"] == person.id
        (session,) = (one for one in client.call("GET", "/v1/me/sessions")["items"] if one["current"])
        client.refresh()
        person.client.call("POST", f"/v1/me/sessions/{session['id']}/end")
        assert refusal(lambda: client.call("GET", "/v1/me")) == "401 session-ended"
        assert refusal(client.refresh) == "401 session-ended"


def test_of_many_that_collect_at_once_one_does(office: World, person: Person) -> None:
    device = new_device(office)
    decide(person, "approve", device.user_code)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: device.poll(), range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 5
    refused = {answer.json()["error"] for answer in answers if answer.status_code == 400}
    assert refused == {"invalid_grant"}


def test_of_two_who_approve_at_once_one_does(office: World, person: Person) -> None:
    device = new_device(office)
    people = (person, office["officer"])

    def told(somebody: Person) -> str:
        try:
            return str(decide(somebody, "approve", device.user_code)["id"])
        except ProblemError as refused:
            return refused.slug

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(told, people)) == sorted([str(device.row()["id"]), "not-found"])
    begun = rows(
        office.instance,
        "SELECT FROM sessions WHERE name_sealed IS NOT NULL AND id = $1",
        device.row()["session_id"],
    )
    assert len(begun) == 1


def test_a_session_that_was_ended_before_it_was_collected_is_not_given(office: World, person: Person) -> None:
    device = new_device(office)
    decide(person, "approve", device.user_code)
    person.client.call("POST", "/v1/me/sessions/end-others")
    assert device.error() == "access_denied"


def test_refreshing_by_oauth_rotates_and_a_second_use_ends_the_session(office: World, person: Person) -> None:
    def renew(token: str, **more: str) -> tuple[int, dict[str, str]]:
        form = {"grant_type": "refresh_token", "client_id": "redwell", "refresh_token": token}
        with office.instance.http() as http:
            answer = http.post("/oauth/token", data=form | more)
        return answer.status_code, answer.json()

    device = new_device(office)
    decide(person, "approve", device.user_code)
    first = device.poll().json()["refresh_token"]
    assert renew("")[1]["error"] == "invalid_request"
    assert renew(first, client_id="another")[1]["error"] == "invalid_client"
    assert renew(first, acting_for="x")[1]["error"] == "invalid_request"
    assert renew(first, acting_for=office.other_firm)[1]["error"] == "invalid_target"
    assert renew("rw_rt_" + "a" * 200)[1]["error"] == "invalid_grant"
    status, second = renew(first)
    assert (status, second["acting_for"]) == (200, office.firm)
    assert renew(first)[1]["error"] == "invalid_grant"
    assert renew(second["refresh_token"])[1]["error"] == "invalid_grant"
    assert len(person.client.call("GET", "/v1/me/sessions")["items"]) == 1


def test_a_library_that_is_not_ours_signs_a_device_in(office: World, person: Person) -> None:
    with office.instance.http() as http:
        metadata = http.get("/.well-known/oauth-authorization-server").json()
    assert {GRANT, "refresh_token"} <= set(metadata["grant_types_supported"])
    assert "none" in metadata["token_endpoint_auth_methods_supported"]
    endpoint = metadata["token_endpoint"]
    with OAuth2Client(
        "redwell",
        token_endpoint_auth_method="none",
        token_endpoint=endpoint,
        verify=ssl.create_default_context(cafile=str(office.instance.ca)),
        trust_env=False,
    ) as client:
        asked = client.request(
            "POST",
            metadata["device_authorization_endpoint"],
            withhold_token=True,
            data={"client_id": "redwell"},
        ).json()

        def collect() -> dict[str, str]:
            told: dict[str, str] = client.fetch_token(
                endpoint, grant_type=GRANT, device_code=asked["device_code"]
            )
            return told

        with pytest.raises(OAuthError, match="authorization_pending"):
            collect()
        assert decide(person, "approve", asked["user_code"])["name"] is None
        token = collect()
        assert client.get(f"{office.instance.url}/v1/me").json()["id"] == person.id
        renewed = client.refresh_token(endpoint, refresh_token=token["refresh_token"])
        assert renewed["refresh_token"] != token["refresh_token"]
    session = row(
        office.instance,
        "SELECT auth_time FROM sessions WHERE member_id = $1 ORDER BY created_at DESC LIMIT 1",
        UUID(person.id),
    )
    assert session["auth_time"] <= datetime.now(UTC)
