"""The log over HTTP: search, checkpoint and export, by the audit service itself."""

import dataclasses
import hashlib
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.audit.app import check
from services.audit.offline.checkpoint import verify_checkpoint
from services.audit.offline.note import VerifierKey
from services.audit.offline.report import Scope as Proven
from services.kernel.clock import timestamp
from services.kernel.principal import Principal
from services.kernel.scopes import Role
from services.kernel.settings import Settings
from services.keys.errors import KeysError
from tests.functional.audit.office import Office

Postgres = tuple[Settings, str]


class TestSearch:
    async def test_events_come_newest_first_page_by_page(self, office: Office, officer: Principal) -> None:
        happened = [str((await office.happen("document.fetched")).id) for _ in range(5)]
        seen: list[str] = []
        query: dict[str, str] = {"limit": "2", "type": "document.fetched"}
        while True:
            page = (await office.ask(officer, "log.search", **query)).json()
            seen += [item["event"]["id"] for item in page["items"]]
            if page["next"] is None:
                break
            query["cursor"] = page["next"]
        assert seen == happened[::-1]

    async def test_an_entry_has_the_exact_event_its_digest_and_what_it_commits_to(
        self, office: Office, officer: Principal
    ) -> None:
        event = await office.happen("document.fetched", outcome="denied", reason="nda-unsigned")
        response = await office.ask(officer, "log.search", outcome="denied")
        (item,) = response.json()["items"]
        assert item["sha256"] == event.sha256.hex()
        assert (item["event"]["type"], item["event"]["reason"]) == ("document.fetched", "nda-unsigned")
        assert item["personal"] == {
            "address": {"value": "192.0.2.1", "erased": False},
            "user_agent": {"value": "reader/2", "erased": False},
        }
        assert response.headers["redwell-event"]

    async def test_every_filter_narrows(self, office: Office, officer: Principal) -> None:
        matter = uuid4()
        wanted = await office.happen("document.fetched", matter)
        await office.happen("document.received", outcome="failed")
        assert wanted.draft.subject is not None
        for name, value in {
            "matter": str(matter),
            "document": str(wanted.draft.subject.document),
            "type": "document.fetched",
            "outcome": "allowed",
            "until": timestamp(wanted.at + timedelta(microseconds=1)),
        }.items():
            items = (await office.ask(officer, "log.search", **{name: value})).json()["items"]
            found = [item["event"]["id"] for item in items if item["event"]["type"].startswith("document")]
            assert found == [str(wanted.id)], name
        for name, value in {"actor": str(uuid4()), "until": timestamp(wanted.at)}.items():
            assert (await office.ask(officer, "log.search", **{name: value})).json()["items"] == [], name
        later = (await office.ask(officer, "log.search", **{"from": timestamp(wanted.at)})).json()["items"]
        assert later[-1]["event"]["id"] == str(wanted.id)

    async def test_a_search_is_itself_an_event_with_its_filter(
        self, office: Office, officer: Principal
    ) -> None:
        matter = str(uuid4())
        await office.ask(officer, "log.search", matter=matter)
        (item,) = (await office.ask(officer, "log.search", actor=str(officer.id))).json()["items"]
        assert item["event"]["type"] == "log.searched"
        assert item["event"]["change"] == {"matter": matter, "results": 0}
        assert item["event"]["actor"]["id"] == str(officer.id)

    async def test_an_entry_tells_its_place_once_it_is_sealed(
        self, office: Office, officer: Principal
    ) -> None:
        await office.happen("document.fetched")
        await office.ask(officer, "log.export", {})
        (item,) = (await office.ask(officer, "log.search", type="document.fetched")).json()["items"]
        assert item["sealed"] == 0

    async def test_an_erased_person_stays_erased(self, office: Office, officer: Principal) -> None:
        await office.happen("document.fetched")
        await office.superuser.execute("DELETE FROM subject_keys WHERE tenant_id = $1", office.tenant)
        (item,) = (await office.ask(officer, "log.search", type="document.fetched")).json()["items"]
        assert item["personal"]["address"] == {"value": None, "erased": True}

    @pytest.mark.parametrize(
        "query",
        [
            {"cursor": "AAAA"},
            {"cursor": "!" * 32},
            {"cursor": "_" * 32},
            {"limit": "0"},
            {"limit": "201"},
            {"matter": "x"},
            {"type": "Document"},
            {"outcome": "maybe"},
            {"from": "2026-01-01T00:00:00"},
            {"from": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"},
            {"since": "2026-01-02T00:00:00Z"},
            {"tenant": "x"},
        ],
    )
    async def test_what_is_not_a_query_is_refused(
        self, office: Office, officer: Principal, query: dict[str, str]
    ) -> None:
        response = await office.ask(officer, "log.search", **query)
        assert (response.status_code, response.json()["type"][-13:]) == (422, "invalid-input")
        assert (await office.last_event("log.searched"))["outcome"] == "denied"


@pytest.mark.parametrize(
    ("operation", "body"), [("log.search", None), ("log.checkpoint", None), ("log.export", {})]
)
class TestWhoseLog:
    async def test_acting_for_another_organization_opens_no_log(
        self, office: Office, officer: Principal, operation: str, body: dict[str, Any] | None
    ) -> None:
        abroad = dataclasses.replace(officer, firm=uuid4())
        assert (await office.ask(abroad, operation, body)).status_code == 403

    async def test_an_operator_reads_no_log(
        self, office: Office, operation: str, body: dict[str, Any] | None
    ) -> None:
        operator = await office.sign_in(office.tenant, Role.OPERATOR, Role.COMPLIANCE_OFFICER)
        assert (await office.ask(operator, operation, body)).status_code == 403

    async def test_an_ended_session_opens_no_log(
        self, office: Office, officer: Principal, operation: str, body: dict[str, Any] | None
    ) -> None:
        await office.superuser.execute("UPDATE sessions SET ended_at = now() WHERE id = $1", officer.session)
        response = await office.ask(officer, operation, body)
        assert (response.status_code, response.json()["type"][-13:]) == (401, "session-ended")


async def test_another_organization_has_another_log(office: Office, officer: Principal) -> None:
    await office.happen("document.fetched")
    stranger = await office.sign_in(uuid4(), Role.COMPLIANCE_OFFICER)
    assert (await office.ask(stranger, "log.search")).json()["items"] == []
    report = await office.verify((await office.ask(stranger, "log.export", {})).content)
    assert (report.manifest.tenant, report.events) == (str(stranger.organization), 1)
    assert len((await office.ask(officer, "log.search")).json()["items"]) == 1


class TestCheckpoint:
    async def test_nothing_signed_is_nothing_there(self, office: Office, officer: Principal) -> None:
        assert (await office.ask(officer, "log.checkpoint")).status_code == 404

    async def test_it_is_a_signed_note_of_the_organizations_own_log(
        self, office: Office, officer: Principal
    ) -> None:
        await office.happen("document.fetched")
        await office.ask(officer, "log.export", {})
        response = await office.ask(officer, "log.checkpoint")
        assert response.headers["content-type"] == "text/plain; charset=utf-8"
        origin = response.text.partition("\n")[0]
        assert origin.startswith("localhost:8443/main/log/")
        key = VerifierKey(origin, office.app.state.exporter.log_public_key)
        assert verify_checkpoint(response.content, key).size >= 1


class TestExport:
    async def test_a_bundle_covers_everything_before_it_and_verifies(
        self, office: Office, officer: Principal
    ) -> None:
        matters = [uuid4(), None, uuid4()]
        for number in range(60):
            await office.happen("document.fetched", matters[number % 3])
        response = await office.ask(officer, "log.export", {})
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/zip"
        assert response.headers["content-disposition"].startswith('attachment; filename="redwell-log-')
        assert response.headers["content-length"] == str(len(response.content))
        report = await office.verify(response.content)
        assert (report.pinned, report.scope, report.events) == (True, Proven.EVERYTHING, 60)
        assert (report.matters, report.disclosed) == (2, 120)

    async def test_the_export_is_an_event_that_names_the_bundle(
        self, office: Office, officer: Principal
    ) -> None:
        matter = uuid4()
        await office.happen("document.fetched", matter)
        response = await office.ask(officer, "log.export", {"filter": {"matter": str(matter)}})
        body = (await office.last_event("log.exported"))["body"]
        assert hashlib.sha256(response.content).hexdigest() in body
        assert str(matter) in body
        assert response.headers["redwell-event"].partition(";")[0] in body

    async def test_a_matters_bundle_is_complete_for_the_matter(
        self, office: Office, officer: Principal
    ) -> None:
        matter = uuid4()
        for _ in range(3):
            await office.happen("document.fetched", matter)
            await office.happen("document.fetched", uuid4())
        response = await office.ask(officer, "log.export", {"filter": {"matter": str(matter)}})
        report = await office.verify(response.content)
        assert (report.scope, report.events, report.matters) == (Proven.MATTER, 3, 4)

    async def test_a_selection_says_that_it_is_one(self, office: Office, officer: Principal) -> None:
        event = await office.happen("document.fetched", outcome="denied")
        wanted = {"outcome": "denied", "from": timestamp(event.at), "type": "document.fetched"}
        response = await office.ask(officer, "log.export", {"filter": wanted})
        report = await office.verify(response.content)
        assert (report.scope, report.events) == (Proven.SELECTION, 1)
        assert report.manifest.filter == wanted

    async def test_without_a_covering_checkpoint_nothing_is_handed_over(
        self, office: Office, officer: Principal
    ) -> None:
        await office.app.state.sequencer.stop()
        office.app.state.exporter = dataclasses.replace(office.app.state.exporter, wait_seconds=0.2)
        await office.happen("document.fetched")
        response = await office.ask(officer, "log.export", {})
        assert (response.status_code, response.headers["retry-after"]) == (503, "5")
        assert (await office.last_event("log.exported"))["outcome"] == "failed"
        assert await check(office.app) == "the sequencer of the access log does not run"

    async def test_altered_personal_data_stops_the_bundle(self, office: Office, officer: Principal) -> None:
        event = await office.happen("document.fetched")
        await office.superuser.execute(
            "UPDATE event_personal_data SET sealed = sealed || '\\x00' WHERE event_id = $1", event.id
        )
        with pytest.raises(KeysError):
            await office.ask(officer, "log.export", {})
        assert (await office.last_event("log.exported"))["outcome"] == "failed"

    async def test_one_log_is_exported_once_at_a_time_and_keeps_nobody_else_waiting(
        self, office: Office, officer: Principal
    ) -> None:
        exporting = office.app.state.exporter.exporting
        exporting.update({officer.firm, uuid4()})
        held = await office.ask(officer, "log.export", {})
        assert (held.status_code, held.headers["retry-after"]) == (429, "10")
        exporting.discard(officer.firm)
        assert (await office.ask(officer, "log.export", {})).status_code == 200
        assert officer.firm not in exporting

    async def test_only_a_few_are_packed_at_once(
        self, office: Office, officer: Principal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("services.audit.log.export.PACKING_WAIT_SECONDS", 0.05)
        await office.happen("document.fetched")
        async with office.app.state.exporter.slots, office.app.state.exporter.slots:
            response = await office.ask(officer, "log.export", {})
        assert (response.status_code, response.headers["retry-after"]) == (429, "10")


async def test_a_running_service_has_nothing_to_complain_of(office: Office) -> None:
    assert await check(office.app) is None
