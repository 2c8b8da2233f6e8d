"""What a person sees of their sessions, and how they or their administrator end them."""

import uuid

import pytest

from clients.python.redwell_client import ProblemError, Redwell
from tests.functional.auth.asking import Hire, fresh_code, renew
from tests.harness.instance import Instance
from tests.harness.people import Person, World
from tests.harness.rows import rows


@pytest.fixture
def attorney(instance: Instance, hire: Hire, world: World) -> Person:
    return hire(renew(instance, world["firm_admin"]), ["attorney"])


def another_device(instance: Instance, person: Person) -> Redwell:
    """A further session of the same person."""
    client = instance.client()
    challenge = client.sign_in(person.email, person.password)
    client.confirm_sign_in(challenge, fresh_code(instance, person))
    return client


def test_sessions_are_listed_named_and_ended_one_by_one(instance: Instance, attorney: Person) -> None:
    with another_device(instance, attorney) as phone:
        (newest, oldest) = phone.call("GET", "/v1/me/sessions")["items"]
        assert (newest["current"], oldest["current"]) == (True, False)
        assert newest["methods"] == ["pwd", "otp"]
        named = phone.call("PUT", f"/v1/me/sessions/{oldest['id']}/name", {"name": "Laptop in the office"})
        assert named["name"] == "Laptop in the office"
        listed = attorney.client.call("GET", "/v1/me/sessions")["items"]
        assert [one["name"] for one in listed] == [None, "Laptop in the office"]
        (kept,) = rows(instance, "SELECT name_sealed FROM sessions WHERE id = $1", uuid.UUID(oldest["id"]))
        assert b"Laptop" not in kept[0]
        phone.call("POST", f"/v1/me/sessions/{oldest['id']}/end")
        with pytest.raises(ProblemError, match="401 session-ended"):
            attorney.client.call("GET", "/v1/me")
        with pytest.raises(ProblemError, match="404 not-found"):
            phone.call("POST", f"/v1/me/sessions/{oldest['id']}/end")
        assert len(phone.call("GET", "/v1/me/sessions")["items"]) == 1


def test_nobody_names_or_ends_the_session_of_another(world: World, attorney: Person, hire: Hire) -> None:
    other = hire(world["firm_admin"], ["attorney"])
    (session,) = attorney.client.call("GET", "/v1/me/sessions")["items"]
    for method, path, body in (
        ("PUT", f"/v1/me/sessions/{session['id']}/name", {"name": "Mine"}),
        ("POST", f"/v1/me/sessions/{session['id']}/end", None),
        ("POST", f"/v1/me/sessions/{uuid.uuid4()}/end", None),
    ):
        with pytest.raises(ProblemError, match="404 not-found"):
            other.client.call(method, path, body)
    assert attorney.client.call("GET", "/v1/me")["id"] == attorney.id


def test_all_others_end_at_once(instance: Instance, attorney: Person) -> None:
    with another_device(instance, attorney) as phone:
        assert phone.call("POST", "/v1/me/sessions/end-others") == {"sessions": 1}
        assert phone.call("POST", "/v1/me/sessions/end-others") == {"sessions": 0}
        with pytest.raises(ProblemError, match="401 session-ended"):
            attorney.client.call("GET", "/v1/me")
        assert phone.call("GET", "/v1/me")["id"] == attorney.id


def test_an_administrator_signs_a_member_out_everywhere(
    instance: Instance, world: World, attorney: Person
) -> None:
    with another_device(instance, attorney) as phone:
        renew(instance, world["firm_admin"])
        path = f"/v1/members/{attorney.id}/end-sessions"
        with pytest.raises(ProblemError, match="403 forbidden"):
            phone.call("POST", path)
        assert world["firm_admin"].client.call("POST", path) == {"sessions": 2}
        for client in (phone, attorney.client):
            with pytest.raises(ProblemError, match="401 session-ended"):
                client.call("GET", "/v1/me")
    with another_device(instance, attorney) as back:
        assert back.call("GET", "/v1/me")["id"] == attorney.id
    renew(instance, world["other_admin"])
    with pytest.raises(ProblemError, match="404 not-found"):
        world["other_admin"].client.call("POST", path)
