"""A service alone: what enters it, and what does not."""

import json
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, Request

from services.evidence.service import ServiceApp, ServiceDefinition
from services.gateway.asserted import assert_admission
from services.gateway.tokens import principal_of_claims
from services.host.door import AssertionDoor
from services.kernel.http.admission import admission_of
from services.kernel.http.operation import declare
from services.kernel.principal import Admission
from services.kernel.settings import Settings
from services.keys.files import KeyDirectory
from services.keys.signing import SigningKey
from services.tables.roles import LOGIN_ROLES, Role
from tests.factories.gateway import NOW, Memory, Shelf, Watch, claims

GATEWAY = SigningKey.generate()
REQUEST = UUID(int=7)
ADMISSION = Admission(
    "things.get", "GET", "/v1/things", REQUEST, "192.0.2.7", "", principal_of_claims(claims())
)
router = APIRouter()


@router.get("/v1/things", **declare("things.get", event="thing.read"))
async def get_things(request: Request) -> dict[str, object]:
    """Say what reached the service."""
    admission = admission_of(request)
    assert admission.principal is not None
    return {
        "id": str(admission.request_id),
        "member": str(admission.principal.id),
        "address": admission.address,
        "reserved": [name for name in request.headers if "redwell" in name],
    }


@router.get("/v1/others", **declare("others.get", event="other.read"))
async def get_others() -> None:
    """Something else."""


class Closed:
    """The service behind its door, with a memory in place of its recorder."""

    def __init__(self, folder: Path) -> None:
        KeyDirectory(folder / "keys").ensure()
        settings = Settings(
            keys=folder / "keys",
            objects=folder,
            database_host="/nowhere",
            database_passwords=json.dumps(dict.fromkeys(LOGIN_ROLES, "x")),
        )
        watch = Watch()
        app = ServiceApp(ServiceDefinition("docs", Role.DOCS, 1, (router,)), settings, watch)
        app.state.recorder = self.memory = Memory()
        transport = httpx.ASGITransport(AssertionDoor(app, watch, Shelf([GATEWAY]).load))
        self.client = httpx.AsyncClient(transport=transport, base_url="http://docs")

    async def get(
        self, path: str, assertion: str, request_id: str = str(REQUEST)
    ) -> tuple[int, dict[str, object]]:
        headers = {"Redwell-Assertion": assertion, "Redwell-Request-Id": request_id}
        answer = await self.client.get(path, headers=headers)
        return answer.status_code, answer.json()


@pytest.fixture
def closed(tmp_path: Path) -> Closed:
    return Closed(tmp_path)


async def test_an_asserted_request_enters_and_nothing_of_the_assertion_with_it(closed: Closed) -> None:
    status, told = await closed.get("/v1/things", assert_admission(GATEWAY, ADMISSION, "docs", NOW))
    assert status == 200
    assert told == {"id": str(REQUEST), "member": str(UUID(int=1)), "address": "192.0.2.7", "reserved": []}


OTHERS = {
    "another key": assert_admission(SigningKey.generate(), ADMISSION, "docs", NOW),
    "another service": assert_admission(GATEWAY, ADMISSION, "audit", NOW),
    "another method": assert_admission(GATEWAY, replace(ADMISSION, method="HEAD"), "docs", NOW),
    "another path": assert_admission(GATEWAY, replace(ADMISSION, path="/v1/others"), "docs", NOW),
    "another operation": assert_admission(GATEWAY, replace(ADMISSION, operation="others.get"), "docs", NOW),
    "another request": assert_admission(GATEWAY, replace(ADMISSION, request_id=UUID(int=8)), "docs", NOW),
    "long ago": assert_admission(GATEWAY, ADMISSION, "docs", NOW.replace(minute=0, hour=11)),
    "an access token": GATEWAY.sign("at+jwt", claims()),
    "nonsense": "x",
    "nothing": "",
}


@pytest.mark.parametrize("name", OTHERS)
async def test_any_other_assertion_is_refused_and_counted(closed: Closed, name: str) -> None:
    status, _ = await closed.get("/v1/things", OTHERS[name])
    assert status == 401
    assert len(closed.memory.counts) == 1


@pytest.mark.parametrize("request_id", ["", "7", str(REQUEST).upper() + " ", f"{{{REQUEST}}}"])
async def test_a_request_id_has_one_spelling(closed: Closed, request_id: str) -> None:
    assertion = assert_admission(GATEWAY, ADMISSION, "docs", NOW)
    assert (await closed.get("/v1/things", assertion, request_id))[0] == 401


async def test_two_assertions_are_none(closed: Closed) -> None:
    assertion = assert_admission(GATEWAY, ADMISSION, "docs", NOW)
    headers = [("Redwell-Assertion", assertion)] * 2 + [("Redwell-Request-Id", str(REQUEST))]
    assert (await closed.client.get("/v1/things", headers=headers)).status_code == 401


async def test_without_any_assertion_there_is_nothing(closed: Closed) -> None:
    answer = await closed.client.get("/v1/things", headers={"X-Redwell-Identity": "admin"})
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")


async def test_a_path_of_no_operation_is_not_found(closed: Closed) -> None:
    assert (await closed.get("/v1/nothing", assert_admission(GATEWAY, ADMISSION, "docs", NOW)))[0] == 404


async def test_without_evidence_the_door_says_so(closed: Closed) -> None:
    closed.memory.broken = True
    assert (await closed.get("/v1/things", "x"))[0] == 503
