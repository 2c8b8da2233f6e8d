import json

from services.keys.signing import SigningKey
from tests.factories.gateway import (
    FIRM,
    KEY,
    MATTER,
    NOW,
    Memory,
    Shelf,
    Watch,
    bearer,
    decision_point,
    head,
)

REVOKE = f"/v1/grants/{MATTER}/revoke"


class TestEvidence:
    async def test_an_admission_leaves_none(self) -> None:
        memory = Memory()
        verdict = await decision_point(memory).decide(head("GET", "/v1/matters", bearer()))
        assert verdict.problem is None
        assert (memory.events, memory.counts) == ([], [])

    async def test_the_refusal_of_an_identified_principal_is_an_event_of_the_operation(self) -> None:
        memory = Memory()
        verdict = await decision_point(memory).decide(head("GET", "/v1/log/events", bearer()))
        event = memory.events[0]
        told = json.loads(event.body)
        assert (event.tenant, verdict.event) == (FIRM, event.header)
        assert (told["type"], told["outcome"], told["reason"]) == ("log.read", "denied", "forbidden")
        assert told["req"] == {
            "id": str(verdict.admission.request_id),
            "operation": "log.search",
            "method": "GET",
            "status": 403,
        }
        assert not memory.counts

    async def test_a_stale_factor_is_an_event_too(self) -> None:
        memory = Memory()
        await decision_point(memory).decide(head("POST", REVOKE, bearer(auth_time=1)))
        assert memory.events[0].draft.reason == "step-up-required"

    async def test_a_refusal_of_somebody_unknown_is_counted(self) -> None:
        memory = Memory()
        point = decision_point(memory)
        await point.decide(head("GET", "/v1/nothing", bearer()))
        await point.decide(head("GET", "/v1/matters"))
        await point.decide(head("GET", "/v1/matters", bearer(exp=int(NOW.timestamp()))))
        counted = [(admission.operation, admission.address, reason) for admission, reason in memory.counts]
        assert counted == [
            ("unknown", "192.0.2.7", "not-found"),
            ("matters.list", "192.0.2.7", "token-missing"),
            ("matters.list", "192.0.2.7", "token-expired"),
        ]

    async def test_without_evidence_a_refusal_is_503(self) -> None:
        point = decision_point(Memory(broken=True))
        for request in (head("GET", "/v1/matters"), head("GET", "/v1/log/events", bearer())):
            verdict = await point.decide(request)
            assert verdict.problem is not None
            assert (verdict.problem.slug, verdict.event) == ("evidence-unavailable", None)

    async def test_every_request_has_an_id_of_its_own(self) -> None:
        point = decision_point(Memory())
        verdicts = [await point.decide(head("GET", "/v1/matters", bearer())) for _ in range(2)]
        assert verdicts[0].admission.request_id != verdicts[1].admission.request_id


class TestUnknownKeys:
    async def test_a_key_that_was_published_since_is_believed(self) -> None:
        shelf = Shelf([KEY])
        verdict = await decision_point(Memory(), shelf).decide(head("GET", "/v1/matters", bearer()))
        assert (verdict.problem, shelf.reads) == (None, 1)

    async def test_a_flood_of_unknown_keys_is_one_look_a_minute(self) -> None:
        shelf, watch, memory = Shelf([KEY]), Watch(), Memory()
        point = decision_point(memory, shelf, watch)
        for _ in range(50):
            verdict = await point.decide(head("GET", "/v1/matters", bearer(SigningKey.generate())))
            assert verdict.problem is not None
            assert verdict.problem.status == 401
        assert shelf.reads == 1
        watch.advance(61)
        await point.decide(head("GET", "/v1/matters", bearer(SigningKey.generate())))
        assert shelf.reads == 2
        assert {reason for _, reason in memory.counts} == {"token-unknown-key"}

    async def test_before_any_key_was_read_it_is_our_fault(self) -> None:
        verdict = await decision_point(Memory(), Shelf([KEY], broken=True)).decide(
            head("GET", "/v1/matters", bearer())
        )
        assert verdict.problem is not None
        assert verdict.problem.slug == "unavailable"
