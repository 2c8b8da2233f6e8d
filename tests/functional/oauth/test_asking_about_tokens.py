"""Introspection and revocation: who is told what of a token, and what giving it up ends."""

import ssl
from collections.abc import Iterator

import httpx
import pytest

from clients.python.redwell_client import ProblemError
from tests.harness.people import Person, World, invite
from tests.harness.programs import Program, new_program, put_on_matter
from tests.harness.proving import Prover, new_token

DEAD = {"active": False}


@pytest.fixture
def leaver(office: World) -> Iterator[Person]:
    """Somebody whose session may end."""
    person = invite(office.instance, office["firm_admin"], ["attorney"], "leaver")
    yield person
    person.client.close()


def _tokens(person: Person) -> tuple[str, str]:
    assert person.client.tokens is not None
    return person.client.tokens.access, person.client.tokens.refresh


def _revoke(world: World, **fields: str) -> httpx.Response:
    with world.instance.http() as http:
        return http.post("/oauth/revoke", data=fields)


def test_a_live_token_of_ones_organization_is_told(program: Program) -> None:
    token = program.token(scope="matter:read")
    told = program.post("/oauth/introspect", token=token).json()
    assert {name: told[name] for name in ("active", "scope", "client_id", "sub", "token_type")} == {
        "active": True,
        "scope": "matter:read",
        "client_id": program.id,
        "sub": program.id,
        "token_type": "Bearer",
    }
    with program.authlib() as client:
        client.token = {"access_token": token, "token_type": "Bearer"}
        answer = client.introspect_token(f"{program.instance.url}/oauth/introspect", token)
    assert answer.json() == told


def test_of_a_bound_token_its_key_is_told(program: Program) -> None:
    prover = Prover(program.instance)
    token = new_token(program, prover)["access_token"]
    told = program.post("/oauth/introspect", token=token).json()
    assert (told["token_type"], told["cnf"]) == ("DPoP", {"jkt": prover.thumbprint})
    assert program.post("/oauth/revoke", token=token).status_code == 200
    assert program.post("/oauth/introspect", token=token).json() == DEAD


def test_a_persons_token_is_told_to_a_program_of_theirs(program: Program, leaver: Person) -> None:
    told = program.post("/oauth/introspect", token=_tokens(leaver)[0]).json()
    assert (told["active"], told["sub"], told["client_id"]) == (True, leaver.id, "redwell")
    leaver.client.call("POST", "/v1/sign-out")
    assert program.post("/oauth/introspect", token=_tokens(leaver)[0]).json() == DEAD


def test_nothing_is_told_of_anything_else(office: World, program: Program) -> None:
    stranger = new_program(office, office["other_admin"])
    foreign = [stranger.token(), _tokens(office["other_attorney"])[0], _tokens(office["paralegal"])[0]]
    access, refresh = _tokens(office["attorney"])
    for token in (*foreign, refresh, access[:-5] + "AAAAA", "x", "a.b.c"):
        assert program.post("/oauth/introspect", token=token).json() == DEAD
    missing = program.post("/oauth/introspect")
    assert (missing.status_code, missing.json()["error"]) == (400, "invalid_request")


def test_who_shows_no_key_is_told_nothing(office: World, program: Program) -> None:
    with office.instance.http() as http:
        answer = http.post("/oauth/introspect", data={"token": program.token()})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_program_gives_its_token_up(office: World, document: str) -> None:
    program = new_program(office, office["firm_admin"])
    put_on_matter(office, program, office.matter)
    token, other, path = program.token(), program.token(), f"/v1/documents/{document}"
    neighbour = new_program(office, office["firm_admin"])
    assert _revoke(office, token=token).json()["error"] == "invalid_client"
    assert neighbour.post("/oauth/revoke", token=token).status_code == 200
    assert program.call(token, "GET", path).status_code == 200, "another's token is not taken from it"
    assert program.post("/oauth/revoke", token=token, token_type_hint="access_token").status_code == 200
    assert program.call(token, "GET", path).status_code == 401
    assert program.call(other, "GET", path).status_code == 200, "each token has a session of its own"
    assert program.post("/oauth/revoke", token=token).status_code == 200
    with program.authlib() as client:
        assert client.revoke_token(f"{office.instance.url}/oauth/revoke", other).status_code == 200
    assert program.call(other, "GET", path).status_code == 401


@pytest.mark.parametrize("which", [0, 1])
def test_a_person_gives_a_token_up(office: World, leaver: Person, which: int) -> None:
    token = _tokens(leaver)[which]
    assert _revoke(office, token=token).status_code == 200
    with pytest.raises(ProblemError) as ended:
        leaver.client.call("GET", "/v1/me")
    assert ended.value.slug == "session-ended"
    assert _revoke(office, token=token).status_code == 200


def test_what_is_no_token_is_given_up_all_the_same(office: World) -> None:
    for token in ("x", "a.b.c", "rw_ref_" + "A" * 43):
        answer = _revoke(office, token=token)
        assert (answer.status_code, answer.content) == (200, b"")
    assert _revoke(office).json()["error"] == "invalid_request"


def test_whoever_gives_up_nothing_again_and_again_waits(office: World) -> None:
    """So the log does not grow without bound; from elsewhere a token is given up all the same."""
    context = ssl.create_default_context(cafile=str(office.instance.ca))
    transport = httpx.HTTPTransport(local_address="127.0.7.1", verify=context)
    with httpx.Client(base_url=office.instance.url, transport=transport, trust_env=False, timeout=60) as http:
        answers = [http.post("/oauth/revoke", data={"token": "x"}).status_code for _ in range(62)]
    assert answers == [200] * 60 + [429] * 2
    assert _revoke(office, token="x").status_code == 200
