"""Tokens that are bound to a key (DPoP, RFC 9449), in both shapes: whoever has one alone has nothing."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.harness.instance import Instance
from tests.harness.people import Person, World, invite
from tests.harness.programs import Program, new_program
from tests.harness.proving import Prover, ask, new_token, send
from tests.security.hostile_proofs import HEADERS, KEYS, REQUESTS, SPELLINGS

PATH = "/v1/classes"


@pytest.fixture(scope="module")
def bound_program(world: World) -> Program:
    return new_program(world, world["firm_admin"])


@pytest.fixture(scope="module")
def person(world: World) -> Iterator[Person]:
    """Somebody whose codes nobody else uses."""
    invited = invite(world.instance, world["firm_admin"], ["attorney"], "bound")
    yield invited
    invited.client.close()


@pytest.fixture
def prover(instance: Instance) -> Prover:
    return Prover(instance)


def bound_token(program: Program, prover: Prover) -> str:
    told = new_token(program, prover)
    assert told["token_type"] == "DPoP"
    return str(told["access_token"])


def assert_refused(answer: httpx.Response, slug: str, error: str) -> None:
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (401, slug), answer.text
    assert answer.headers["www-authenticate"] == f'DPoP error="{error}", algs="ES256"'


def test_a_bound_token_is_good_with_proofs_of_its_key_alone(bound_program: Program, prover: Prover) -> None:
    instance, token = prover.instance, bound_token(bound_program, prover)
    other = Prover(instance)
    assert prover.call(token, "GET", PATH).status_code == 200
    assert prover.call(token, "GET", PATH).status_code == 200
    assert_refused(bound_program.call(token, "GET", PATH), "token-bound", "invalid_token")
    wrong = {
        "no proof": {"Authorization": f"DPoP {token}"},
        "another key": other.headers("GET", PATH, token),
        "another method": prover.headers("GET", PATH, token, htm="POST"),
        "another path": prover.headers("GET", "/v1/matters", token),
        "another host": prover.headers("GET", PATH, token, htu=f"https://evil.example{PATH}"),
        "another token": prover.headers("GET", PATH, token, ath="x" * 43),
        "no token": prover.headers("GET", PATH, token, ath=None),
        "made long ago": prover.headers("GET", PATH, token, iat=1),
    }
    for headers in wrong.values():
        assert_refused(send(instance, "GET", PATH, None, headers), "proof-refused", "invalid_dpop_proof")


def test_a_token_that_is_bound_to_nothing_is_no_dpop_token(bound_program: Program, prover: Prover) -> None:
    token = bound_program.token()
    assert_refused(prover.call(token, "GET", PATH), "token-unbound", "invalid_token")
    assert bound_program.call(token, "GET", PATH).status_code == 200


def test_of_one_proof_sent_many_times_at_once_one_is_accepted(bound_program: Program, prover: Prover) -> None:
    token = bound_token(bound_program, prover)
    headers = prover.headers("GET", PATH, token)
    with ThreadPoolExecutor(16) as pool:
        sent = [pool.submit(send, prover.instance, "GET", PATH, None, headers) for _ in range(16)]
        answers = [each.result() for each in sent]
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 15
    again = send(prover.instance, "GET", PATH, None, headers)
    assert_refused(again, "proof-refused", "invalid_dpop_proof")


def test_a_proof_begins_one_session(bound_program: Program, prover: Prover) -> None:
    proof = prover.proof("POST", "/oauth/token")
    assert ask(bound_program, proof).status_code == 200
    again = ask(bound_program, proof)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_dpop_proof")


def test_no_hostile_proof_gets_in_or_breaks_anything(bound_program: Program, prover: Prover) -> None:
    token = bound_token(bound_program, prover)
    corpus = {**KEYS, **HEADERS, **REQUESTS, **SPELLINGS}
    with prover.instance.http() as http:
        for name, proof in corpus.items():
            # The edge takes no longer line, and the client sends no value with a space at its ends.
            if len(proof) < 3000 and proof == proof.strip():
                headers = {"Authorization": f"DPoP {token}", "DPoP": proof}
                assert http.get(PATH, headers=headers).status_code == 401, name
        form = {"grant_type": "client_credentials"}
        for name in ("kty oct", "private half", "alg 'none'", "dots"):
            refused = http.post("/oauth/token", data=form, headers={"DPoP": corpus[name]})
            assert (refused.status_code, refused.json()["error"]) == (400, "invalid_dpop_proof"), name


def test_two_proofs_are_none(bound_program: Program, prover: Prover) -> None:
    token = bound_token(bound_program, prover)
    headers = [("Authorization", f"DPoP {token}")]
    headers += [("DPoP", prover.proof("GET", PATH, token)) for _ in range(2)]
    with prover.instance.http() as http:
        assert http.get(PATH, headers=headers).status_code == 400


class TestPeople:
    def test_a_session_stays_with_the_key_that_it_began_with(self, person: Person, prover: Prover) -> None:
        instance = prover.instance
        tokens = prover.sign_in(person)
        assert tokens["token_type"] == "DPoP"
        assert prover.call(tokens["access_token"], "GET", "/v1/me").status_code == 200
        renewal = {"refresh_token": tokens["refresh_token"]}
        unproved = send(instance, "POST", "/v1/tokens/refresh", renewal, {})
        assert_refused(unproved, "proof-refused", "invalid_dpop_proof")
        by_another = Prover(instance).begin("/v1/tokens/refresh", renewal)
        assert_refused(by_another, "proof-refused", "invalid_dpop_proof")
        renewed = prover.begin("/v1/tokens/refresh", renewal)
        assert (renewed.status_code, renewed.json()["token_type"]) == (200, "DPoP")
        access = renewed.json()["access_token"]
        instance.clock.advance(31)
        stepped = prover.call(access, "POST", "/v1/step-up", {"code": person.code(instance.clock.now())})
        listed = prover.call(access, "GET", "/v1/me/sessions").json()["items"]
        assert {row["bound"] for row in listed if row["current"]} == {True}
        switched = prover.call(access, "POST", "/v1/tokens/switch", {"organization_id": person.organization})
        for answer in (stepped, switched):
            assert (answer.status_code, answer.json()["token_type"]) == (200, "DPoP"), answer.text
            assert prover.call(answer.json()["access_token"], "GET", "/v1/me").status_code == 200

    def test_a_thief_s_attempt_to_renew_is_evidence_and_ends_nothing(
        self, person: Person, prover: Prover
    ) -> None:
        tokens = prover.sign_in(person)
        renewal = {"refresh_token": tokens["refresh_token"]}
        refused = send(prover.instance, "POST", "/v1/tokens/refresh", renewal, {})
        assert refused.headers["redwell-event"]
        assert prover.begin("/v1/tokens/refresh", renewal).status_code == 200
