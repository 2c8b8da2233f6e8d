"""Proofs at the gateway: who needs one, who may bring one, and that none counts twice."""

from datetime import datetime
from typing import Any

import pytest

from clients.python.redwell_client.proof_key import ProofKey
from services.gateway.decision import Decision, decide
from services.gateway.point import Lookups
from services.kernel.problems import Unavailable
from services.keys.proofs import Proof
from tests.factories.gateway import (
    KEY,
    MATTER,
    NOW,
    URL,
    Memory,
    bearer,
    claims,
    decision_point,
    head,
    json_of,
    rules,
)

OWN = ProofKey.generate(NOW.timestamp)


def thumbprint(key: ProofKey) -> str:
    """As the gateway finds it, on a request that binds."""
    proof = key.proof("POST", f"{URL}/v1/sign-in", None)
    decision = decide(head("POST", "/v1/sign-in", *json_of(), (b"dpop", proof.encode())), rules(), NOW)
    assert decision.proof is not None
    return decision.proof.key


def bound(path: str, **change: Any) -> list[tuple[bytes, bytes]]:
    """A token bound to `OWN`, and a proof for one GET of `path`."""
    token = KEY.sign("at+jwt", claims(cnf={"jkt": thumbprint(OWN)}, **change))
    proof = OWN.proof("GET", URL + path, token)
    return [(b"authorization", b"DPoP " + token.encode()), (b"dpop", proof.encode())]


def decided(*headers: tuple[bytes, bytes], path: str = "/v1/matters") -> Decision:
    return decide(head("GET", path, *headers), rules(), NOW)


class Table:
    """Takes the part of the table of used proofs."""

    def __init__(self, *, broken: bool = False) -> None:
        self.broken = broken
        self.used: set[bytes] = set()

    async def use(self, proof: Proof, _now: datetime) -> bool:
        if self.broken:
            raise Unavailable
        new = proof.digest not in self.used
        self.used.add(proof.digest)
        return new


class TestDecision:
    def test_a_bound_token_with_its_proof_is_admitted(self) -> None:
        decision = decided(*bound("/v1/matters"))
        assert decision.problem is None
        assert decision.principal is not None
        assert decision.proof is not None
        assert decision.principal.proof_key == decision.proof.key == thumbprint(OWN)

    def test_the_scheme_is_of_either_case_and_the_query_is_not_proved(self) -> None:
        token, proof = bound("/v1/matters")
        lower = (token[0], b"dpop " + token[1].partition(b" ")[2])
        assert decided(lower, proof, path="/v1/matters?limit=3").problem is None

    def test_who_lacks_something_is_nobody(self) -> None:
        token, proof = bound("/v1/matters")
        as_bearer = (token[0], b"Bearer " + token[1].partition(b" ")[2])
        refused = {
            "token-bound": decided(as_bearer, proof),
            "proof-refused": decided(token),
            "token-unbound": decided((b"authorization", bearer()[1].replace(b"Bearer", b"DPoP")), proof),
        }
        for slug, decision in refused.items():
            assert decision.problem is not None
            assert (decision.problem.status, decision.problem.slug, decision.principal) == (401, slug, None)

    def test_a_stale_factor_is_told_in_the_scheme_of_the_token(self) -> None:
        token = KEY.sign("at+jwt", claims(cnf={"jkt": thumbprint(OWN)}, auth_time=1))
        path = f"/v1/grants/{MATTER}/revoke"
        proof = OWN.proof("POST", URL + path, token)
        sent = (b"authorization", b"DPoP " + token.encode()), (b"dpop", proof.encode())
        problem = decide(head("POST", path, *sent), rules(), NOW).problem
        assert problem is not None
        assert problem.headers()["WWW-Authenticate"].startswith("DPoP error=")

    def test_another_key_proves_nothing(self) -> None:
        token, _ = bound("/v1/matters")
        text = token[1].partition(b" ")[2].decode()
        other = ProofKey.generate(NOW.timestamp).proof("GET", f"{URL}/v1/matters", text)
        decision = decided(token, (b"dpop", other.encode()))
        assert decision.problem is not None
        assert decision.problem.reason == "proof-of-another-key"

    @pytest.mark.parametrize("cnf", ["x", {}, {"jkt": 7}, {"x5t#S256": "x"}, {"jkt": "x", "kid": "y"}, [], 0])
    def test_a_token_that_is_confirmed_in_another_way_is_not_believed(self, cnf: object) -> None:
        problem = decided(bearer(cnf=cnf)).problem
        assert problem is not None
        assert problem.slug == "unauthorized"

    def test_a_bearer_s_proof_is_not_looked_at(self) -> None:
        decision = decided(bearer(), (b"dpop", b"nonsense"))
        assert (decision.problem, decision.proof) == (None, None)

    def test_a_proof_of_somebody_unknown_counts_where_something_may_be_bound(self) -> None:
        bad = (b"dpop", b"nonsense")
        problem = decide(head("POST", "/v1/sign-in", *json_of(), bad), rules(), NOW).problem
        assert problem is not None
        assert problem.slug == "proof-refused"
        assert decided(bad, path="/v1/openapi.json").problem is None


class TestPoint:
    async def test_a_proof_is_good_once_and_its_second_use_is_nobody_s(self) -> None:
        memory = Memory()
        point = decision_point(memory, lookups=Lookups(use_proof=Table().use))
        request = head("GET", "/v1/log/events", *bound("/v1/log/events"))
        first, second = await point.decide(request), await point.decide(request)
        assert first.problem is not None
        assert second.problem is not None
        assert (first.problem.slug, second.problem.slug) == ("forbidden", "proof-refused")
        assert len(memory.events) == 1
        assert [reason for _, reason in memory.counts] == ["proof-used-before"]
        assert second.admission.principal is None

    async def test_whose_key_it_was_goes_with_the_admission(self) -> None:
        proof = OWN.proof("POST", f"{URL}/v1/sign-in", None).encode()
        request = head("POST", "/v1/sign-in", *json_of(), (b"dpop", proof))
        verdict = await decision_point(Memory()).decide(request)
        assert (verdict.problem, verdict.admission.proof_key) == (None, thumbprint(OWN))

    async def test_without_the_database_no_proof_is_good(self) -> None:
        point = decision_point(Memory(), lookups=Lookups(use_proof=Table(broken=True).use))
        verdict = await point.decide(head("GET", "/v1/matters", *bound("/v1/matters")))
        assert verdict.problem is not None
        assert (verdict.problem.status, verdict.admission.principal) == (503, None)
