"""Who gets the receipt of what, when, and that it verifies, also in a log larger than one subtree."""

import dataclasses
import json
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.audit.offline.errors import ReceiptError
from services.audit.offline.receipt import ReceiptReport, verify_receipt
from services.evidence.event import Draft, Event
from services.kernel.database import driver_connection
from services.kernel.principal import Admission, Principal
from services.kernel.scopes import Role
from tests.functional.audit.office import Office
from tests.harness.eventually import eventually_async


@pytest.fixture
async def reader(office: Office) -> Principal:
    return await office.sign_in(office.tenant, Role.ATTORNEY)


async def _sealed(office: Office, principal: Principal, event: UUID) -> httpx.Response:
    async def found() -> httpx.Response | None:
        answer = await office.receipt(principal, event)
        return None if answer.status_code == 202 else answer

    return await eventually_async(found)


async def _proven(office: Office, principal: Principal, event: UUID) -> ReceiptReport:
    answer = await _sealed(office, principal, event)
    assert answer.status_code == 200, answer.text
    return verify_receipt(answer.content, office.pin)


async def _transfer(office: Office, reader: Principal, *drafts: Draft) -> list[Event]:
    """Events of one request about one document."""
    cause = Admission("documents.fetch", "GET", "/v1/x", uuid4(), "192.0.2.1", "reader/2", reader)
    return [await office.app.state.recorder.append_alone(office.tenant, draft, cause) for draft in drafts]


async def test_ones_own_act_is_proven(office: Office, reader: Principal) -> None:
    content = {"sha256": "ab" * 32, "len": 5}
    event = await office.happen("document.fetched", uuid4(), reader, content=content)
    report = await _proven(office, reader, event.id)
    (proven,) = report.events
    assert (proven["id"], proven["content"], proven["actor"]["id"]) == (
        str(event.id),
        content,
        str(reader.id),
    )
    assert (report.pinned, report.tenant) == (True, str(office.tenant))


async def test_a_delivery_comes_with_how_it_ended(office: Office, reader: Principal) -> None:
    made = await office.happen("document.fetched", uuid4(), reader)
    subject = made.draft.subject
    assert subject is not None
    fetched, delivered = await _transfer(
        office,
        reader,
        Draft("document.fetched", subject=subject),
        Draft("document.delivered", "info", subject=subject, change={"bytes": 5, "of": 5, "complete": True}),
    )
    report = await _proven(office, reader, fetched.id)
    assert [event["id"] for event in report.events] == [str(fetched.id), str(delivered.id)]
    (alone,) = (await _proven(office, reader, made.id)).events
    assert alone["id"] == str(made.id)


async def test_until_it_is_sealed_the_answer_is_to_come_again(office: Office, reader: Principal) -> None:
    await office.app.state.sequencer.stop()
    event = await office.happen("document.fetched", actor=reader)
    answer = await office.receipt(reader, event.id)
    assert (answer.status_code, answer.headers["retry-after"]) == (202, "1")
    assert answer.json() == {"event_id": str(event.id), "sealed": False}
    left = json.loads((await office.last_event("receipt.read"))["body"])
    assert left["change"] == {"events": 1, "sealed": False}


async def test_reading_a_receipt_is_itself_an_event(office: Office, reader: Principal) -> None:
    event = await office.happen("document.fetched", actor=reader)
    answer = await _sealed(office, reader, event.id)
    left = json.loads((await office.last_event("receipt.read"))["body"])
    assert left["object"] == {"kind": "event", "id": str(event.id)}
    assert answer.headers["redwell-event"].startswith(left["id"])


async def test_officers_of_the_organization_get_every_receipt(
    office: Office, officer: Principal, reader: Principal
) -> None:
    for outcome in ("allowed", "denied"):
        event = await office.happen("document.fetched", actor=reader, outcome=outcome)
        assert (await _proven(office, officer, event.id)).events[0]["outcome"] == outcome
    nobody = await office.happen("mail.sent")
    assert (await _proven(office, officer, nobody.id)).places


class TestNotTheirs:
    async def _not_found(self, office: Office, principal: Principal, event: Event) -> dict[str, Any]:
        answer = await office.receipt(principal, event.id)
        assert answer.status_code == 404
        absent = await office.receipt(principal, uuid4())
        told, nothing = answer.json(), absent.json()
        assert told.keys() == nothing.keys()
        assert {**told, "instance": ""} == {**nothing, "instance": ""}
        left = await office.superuser.fetchval(
            "SELECT count(*) FROM events WHERE actor_id = $1 AND outcome = 'denied' AND reason = 'not-found'",
            principal.id,
        )
        assert left == 2
        return dict(told)

    async def test_what_a_colleague_did(self, office: Office, reader: Principal) -> None:
        event = await office.happen(
            "document.fetched", actor=await office.sign_in(office.tenant, Role.ATTORNEY)
        )
        await self._not_found(office, reader, event)

    async def test_ones_own_refusal(self, office: Office, reader: Principal) -> None:
        event = await office.happen("document.fetched", actor=reader, outcome="denied", reason="nda-unsigned")
        await self._not_found(office, reader, event)

    async def test_another_organizations_log(self, office: Office, reader: Principal) -> None:
        event = await office.happen("document.fetched", actor=reader)
        await self._not_found(office, await office.sign_in(uuid4(), Role.COMPLIANCE_OFFICER), event)

    async def test_ones_own_act_for_another_firm(self, office: Office, reader: Principal) -> None:
        event = await office.happen("document.fetched", actor=reader)
        await self._not_found(office, dataclasses.replace(reader, firm=uuid4()), event)

    async def test_an_officer_who_acts_for_another(self, office: Office, reader: Principal) -> None:
        event = await office.happen("document.fetched", actor=reader)
        officer = await office.sign_in(uuid4(), Role.COMPLIANCE_OFFICER)
        await self._not_found(office, dataclasses.replace(officer, firm=office.tenant), event)

    async def test_an_operator(self, office: Office, reader: Principal) -> None:
        event = await office.happen("document.fetched", actor=reader)
        operator = await office.sign_in(office.tenant, Role.OPERATOR, Role.COMPLIANCE_OFFICER)
        await self._not_found(office, operator, event)


async def test_a_person_acting_for_a_firm_gets_receipts_of_that_firms_log(office: Office) -> None:
    paralegal = dataclasses.replace(await office.sign_in(uuid4(), Role.PARALEGAL), firm=office.tenant)
    event = await office.happen("document.fetched", uuid4(), paralegal)
    (proven,) = (await _proven(office, paralegal, event.id)).events
    assert proven["actor"]["org"] == str(paralegal.organization)


async def _many(office: Office, reader: Principal, count: int) -> list[Event]:
    cause = Admission("documents.fetch", "GET", "/v1/x", uuid4(), "", "", reader)
    draft, recorder = Draft("document.described"), office.app.state.recorder
    async with office.app.state.database.transaction([office.tenant]) as session:
        connection = await driver_connection(session)
        return [await recorder.append(connection, office.tenant, draft, cause) for _ in range(count)]


async def test_a_log_larger_than_a_subtree_keeps_what_proofs_are_made_of(
    office: Office, reader: Principal
) -> None:
    events = await _many(office, reader, 600)
    places = [(await _proven(office, reader, events[number].id)).places[0] for number in (599, 256, 255, 0)]
    assert len(set(places)) == len(places)
    kept = await office.superuser.fetch(
        "SELECT level, idx FROM subtrees WHERE tenant_id = $1 ORDER BY idx", office.tenant
    )
    assert [tuple(row) for row in kept] == [(8, 0), (8, 1)]
    await office.superuser.execute(
        "UPDATE subtrees SET hash = sha256(hash) WHERE tenant_id = $1", office.tenant
    )
    with pytest.raises(ReceiptError):  # what is kept is not believed; outside this test it is a 500
        await office.receipt(reader, events[0].id)


async def test_many_events_of_somebody_whose_key_is_not_at_hand(office: Office) -> None:
    """The recorder has one connection, which must not wait for itself."""
    stranger = await office.sign_in(office.tenant, Role.ATTORNEY)
    cause = Admission("archives.fetch", "GET", "/v1/x", uuid4(), "192.0.2.1", "reader/2", stranger)
    drafts = [Draft("document.delivered", "info", change={"bytes": number}) for number in range(3)]
    await office.app.state.recorder.append_all_alone(office.tenant, drafts, cause)
    await office.app.state.recorder.make_ready(office.tenant, cause)
