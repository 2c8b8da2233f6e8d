"""An organization wants its sessions bound to keys: those that are not end at once, and no other begins."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from uuid import UUID

import httpx
import pyotp
import pytest

from tests.functional.oauth.asking import error_of, problem_of
from tests.harness.instance import Instance
from tests.harness.people import PASSWORD, Person, World, invite, organization
from tests.harness.programs import Program, new_program
from tests.harness.proving import Prover, begin_sign_in, new_token, send
from tests.harness.rows import row

PATH = "/v1/organization/proofs"


def headers_of(person: Person) -> dict[str, str]:
    assert person.client.tokens is not None
    return {"Authorization": f"Bearer {person.client.tokens.access}"}


def demand(instance: Instance, headers: dict[str, str], whom: str) -> httpx.Response:
    """The first demand of an organization."""
    return send(instance, "PUT", PATH, {"required_of": whom}, headers | {"If-Match": '"0"'})


def unbound_sessions(instance: Instance, firm: str) -> int:
    alive = "SELECT count(*) FROM sessions WHERE tenant_id = $1 AND proof_key IS NULL AND ended_at IS NULL"
    return int(row(instance, alive, UUID(firm))[0])


@dataclass
class Strict:
    """A firm that demands it of everyone, and what there was before it did."""

    instance: Instance
    id: str
    admin: Person
    attorney: Person
    program: Program
    token: str
    invitation: dict[str, str]
    answers: dict[str, httpx.Response] = field(default_factory=dict)

    def demand(self) -> None:
        prover = Prover(self.instance)
        self.answers["unbound"] = demand(self.instance, headers_of(self.admin), "everyone")
        bound = prover.sign_in(self.admin)["access_token"]
        self.answers["bound"] = demand(self.instance, prover.headers("PUT", PATH, bound), "everyone")
        self.answers["afterwards"] = prover.call(bound, "GET", "/v1/me")


@pytest.fixture(scope="module")
def strict(world: World) -> Iterator[Strict]:
    instance = world.instance
    firm, admin = organization(instance, world.operator, "firm", "Bound & Sons")
    attorney = invite(instance, admin, ["attorney"], "unbound")
    invited = {"email": f"late-{firm}@example.com", "roles": ["attorney"]}
    code = admin.client.call("POST", "/v1/invitations", invited)["code"]
    joining = {"code": code, "email": invited["email"], "name": "Late", "password": PASSWORD}
    program = new_program(world, admin)
    with admin.client, attorney.client:
        made = Strict(instance, firm, admin, attorney, program, program.token(), joining)
        made.demand()
        yield made


class TestEveryone:
    def test_nobody_locks_themselves_out(self, strict: Strict) -> None:
        assert problem_of(strict.answers["unbound"]) == (409, "own-session-unbound")
        done = strict.answers["bound"]
        assert (done.json()["required_of"], done.json()["sessions_ended"]) == ("everyone", 3)
        assert done.headers["redwell-event"]
        assert strict.answers["afterwards"].status_code == 200

    def test_what_was_unbound_is_refused_at_the_next_request(self, strict: Strict, world: World) -> None:
        for person in (strict.admin, strict.attorney):
            answer = send(strict.instance, "GET", "/v1/me", None, headers_of(person))
            assert problem_of(answer) == (401, "session-ended")
        assert problem_of(strict.program.call(strict.token, "GET", "/v1/classes")) == (401, "session-ended")
        assert world["attorney"].client.call("GET", "/v1/me"), "other firms go on"

    def test_who_signs_in_brings_a_proof(self, strict: Strict) -> None:
        challenge = begin_sign_in(strict.instance, strict.attorney)
        refused = send(strict.instance, "POST", "/v1/sign-in/confirm", challenge, {})
        assert problem_of(refused) == (401, "proof-required")
        assert refused.headers["www-authenticate"] == 'DPoP error="invalid_dpop_proof", algs="ES256"'
        assert Prover(strict.instance).begin("/v1/sign-in/confirm", challenge).status_code == 200
        assert unbound_sessions(strict.instance, strict.id) == 0

    def test_who_joins_brings_a_proof(self, strict: Strict) -> None:
        instance = strict.instance
        joined = send(instance, "POST", "/v1/join", strict.invitation, {}).json()
        shown = pyotp.TOTP(joined["totp"]["secret"]).at(instance.clock.now())
        confirmation = {"challenge": joined["challenge"], "code": shown}
        refused = send(instance, "POST", "/v1/join/confirm", confirmation, {})
        assert problem_of(refused) == (401, "proof-required")
        done = Prover(instance).begin("/v1/join/confirm", confirmation)
        assert done.json()["token_type"] == "DPoP"

    def test_a_program_brings_a_proof(self, strict: Strict) -> None:
        answer = strict.program.ask()
        assert (error_of(answer), answer.json()["error"]) == ((400, "proof-required"), "invalid_dpop_proof")
        told = new_token(strict.program, Prover(strict.instance))
        assert told["token_type"] == "DPoP"


@pytest.fixture
def admin(world: World) -> Iterator[Person]:
    """The administrator of a firm of their own."""
    _, made = organization(world.instance, world.operator, "firm", "Etag & Race")
    with made.client:
        yield made


def test_it_is_changed_by_whoever_may_and_has_seen_it(world: World, admin: Person) -> None:
    instance, headers = world.instance, headers_of(admin)
    assert admin.client.call("GET", PATH) == {"required_of": "nobody", "etag": '"0"'}
    body = {"required_of": "programs"}
    assert problem_of(send(instance, "PUT", PATH, body, headers)) == (428, "precondition-required")
    late = send(instance, "PUT", PATH, body, headers | {"If-Match": '"1"'})
    assert problem_of(late) == (412, "precondition-failed")
    assert demand(instance, headers_of(world["attorney"]), "programs").status_code == 403
    assert demand(instance, headers, "guests").status_code == 422
    assert demand(instance, headers, "programs").json() == {**body, "etag": '"1"', "sessions_ended": 0}
    assert admin.client.call("GET", PATH) == {**body, "etag": '"1"'}
    done = send(instance, "PUT", PATH, {"required_of": "nobody"}, headers | {"If-Match": '"1"'})
    assert done.json() == {"required_of": "nobody", "etag": '"2"', "sessions_ended": 0}


def test_no_program_s_token_slips_through_while_it_is_set(world: World, admin: Person) -> None:
    instance, program = world.instance, new_program(world, admin)
    people = unbound_sessions(instance, admin.organization)
    with ThreadPoolExecutor(8) as pool:
        before = [pool.submit(program.ask) for _ in range(4)]
        setting = pool.submit(demand, instance, headers_of(admin), "programs")
        after = [pool.submit(program.ask) for _ in range(4)]
        statuses = {each.result().status_code for each in (*before, *after)}
    assert setting.result().status_code == 200
    assert statuses <= {200, 400}
    assert program.ask().status_code == 400
    assert unbound_sessions(instance, admin.organization) == people, "people go on"
