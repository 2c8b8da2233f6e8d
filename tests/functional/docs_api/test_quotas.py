"""Quotas of firms and matters: charged exactly, refused in time, and told."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from clients.python.redwell_client import ProblemError
from services.docs_api.access_requests.service import PER_DAY
from tests.functional.docs_api.moving import open_put, open_request, status_of
from tests.harness.eventually import eventually
from tests.harness.people import World, invite, matter_body
from tests.harness.resumable import TUS, Upload, metadata
from tests.harness.rows import change_of, row, rows
from tests.harness.stage import authorization, measured

MIB = 1024 * 1024
MATTER_QUOTA = 20 * MIB
OPEN_UPLOADS = 12
BYTES = {"Content-Type": "application/octet-stream"}
_COUNTED = """
WITH charged AS (
    SELECT tenant_id, matter_id,
        charged_bytes(state, received_bytes, declared_bytes, announced_bytes, lease_owner) AS n
    FROM uploads
), held AS (
    SELECT v.tenant_id, d.matter_id, s.length_bytes AS n FROM segments s
    JOIN versions v ON v.tenant_id = s.tenant_id AND v.id = s.version_id
    JOIN documents d ON d.tenant_id = v.tenant_id AND d.id = v.document_id
    JOIN uploads u ON u.tenant_id = v.tenant_id AND u.version_id = v.id AND u.state <> 'open'
)
SELECT m.matter_id, m.used_bytes,
    coalesce((SELECT sum(n) FROM charged c WHERE c.matter_id = m.matter_id), 0) AS charged,
    coalesce((SELECT used_bytes FROM firm_usage f WHERE f.tenant_id = m.tenant_id), 0) AS firm_used,
    coalesce((SELECT sum(n) FROM charged c WHERE c.tenant_id = m.tenant_id), 0) AS firm_charged,
    coalesce((SELECT sum(n) FROM held h WHERE h.matter_id = m.matter_id), 0) AS held
FROM matter_usage m
"""


@pytest.fixture(scope="module")
def limited() -> Iterator[World]:
    """Quotas that a test can fill. The attorneys' clients share one process and one store."""
    told = {
        "REDWELL_MATTER_QUOTA_BYTES": str(MATTER_QUOTA),
        "REDWELL_FIRM_QUOTA_BYTES": "0",
        "REDWELL_OPEN_UPLOADS_PER_MEMBER": str(OPEN_UPLOADS),
        "REDWELL_SWEEP_INTERVAL_SECONDS": "1",
    }
    with measured("embedded", **told) as world:
        yield world


@pytest.fixture
def http(limited: World) -> Iterator[httpx.Client]:
    with limited.instance.http() as client:
        yield client


class Case:
    """A matter of one test's own, and its attorney."""

    def __init__(self, world: World, http: httpx.Client) -> None:
        self.world, self.http = world, http
        self.person = invite(world.instance, world["firm_admin"], ["attorney"], "filing")
        self.matter = str(self.person.client.call("POST", "/v1/matters", matter_body(self.person.id))["id"])

    def begin(self, length: int | None, document: str | None = None) -> httpx.Response:
        """A document, or a version of it, whose content is to follow in one request."""
        new: dict[str, Any] = {} if document else {"name": "a.bin", "folder": "", "class_id": "pleadings"}
        body = new | ({} if length is None else {"length_bytes": length})
        path = f"/v1/documents/{document}/versions" if document else f"/v1/matters/{self.matter}/documents"
        return self.http.post(path, json=body, headers=authorization(self.person))

    def begin_tus(self, length: int, **declared: str) -> httpx.Response:
        told = metadata(filename="b.bin", **{"class": "pleadings"}, **declared)
        headers = TUS | authorization(self.person) | {"Upload-Length": str(length), "Upload-Metadata": told}
        return self.http.post(f"/v1/matters/{self.matter}/tus", headers=headers)

    def put(self, upload: str, content: Any) -> httpx.Response:
        headers = BYTES | authorization(self.person)
        return self.http.put(f"/v1/uploads/{upload}/content", content=content, headers=headers)

    def usage(self) -> tuple[int, int]:
        """Held and reserved bytes, as the firm's administrator reads them."""
        client = self.world["firm_admin"].client
        (found,) = [row for row in client.pages("/v1/usage/matters") if row["matter_id"] == self.matter]
        return found["held_bytes"], found["reserved_bytes"]

    def counts(self) -> tuple[int, int]:
        """What the matter's counter says, and what it should; the firm's are compared as well."""
        found = row(self.world.instance, f"{_COUNTED} WHERE m.matter_id = $1", UUID(self.matter))
        assert found["firm_used"] == found["firm_charged"]
        return found["used_bytes"], int(found["charged"])

    def refusals(self, reason: str) -> int:
        statement = "SELECT count(*) FROM events WHERE matter_id = $1 AND outcome = 'denied' AND reason = $2"
        return int(row(self.world.instance, statement, UUID(self.matter), reason)[0])

    def document_count(self) -> int:
        statement = "SELECT count(*) FROM documents WHERE matter_id = $1"
        return int(row(self.world.instance, statement, UUID(self.matter))[0])


@pytest.fixture
def case(limited: World, http: httpx.Client) -> Iterator[Case]:
    made = Case(limited, http)
    yield made
    made.person.client.close()


def upload_of(answer: httpx.Response) -> str:
    assert answer.status_code == 201, answer.text
    return str(answer.json()["upload"]["id"])


def refused(answer: httpx.Response) -> tuple[int, str, object, object]:
    told = answer.json()
    return answer.status_code, told["type"].rpartition("/")[2], told.get("quota"), told.get("limit_bytes")


FULL = (413, "quota-exceeded", "matter", MATTER_QUOTA)


def test_of_many_uploads_at_the_edge_exactly_one_fits(case: Case) -> None:
    assert case.begin(MATTER_QUOTA - 5 * MIB).status_code == 201

    def attempt(turn: int) -> httpx.Response:
        return case.begin(4 * MIB) if turn % 2 else case.begin_tus(4 * MIB)

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(attempt, range(16)))
    others = [answer for answer in answers if answer.status_code != 201]
    assert [refused(answer) for answer in others] == [FULL] * 15
    assert all("retry-after" not in answer.headers for answer in others)
    assert (case.document_count(), case.refusals("quota-exceeded")) == (2, 15)
    assert case.usage() == (0, MATTER_QUOTA - MIB)
    assert case.begin(MIB).status_code == 201
    assert refused(case.begin(1)) == FULL
    assert case.begin(0).status_code == 201


def test_a_length_that_only_the_request_tells_is_asked_before_it_comes(case: Case) -> None:
    upload = upload_of(case.begin(None))
    with open_put(case.world.instance, case.person, upload, MATTER_QUOTA + 1) as connection:
        assert status_of(connection) == 413
    assert case.usage() == (0, 0)
    with open_put(case.world.instance, case.person, upload, MATTER_QUOTA - 1) as connection:
        eventually(lambda: case.usage() == (0, MATTER_QUOTA - 1))
        assert refused(case.begin(2)) == FULL
    eventually(lambda: case.usage() == (0, 0))
    assert case.put(upload, b"whole").status_code == 200
    assert case.usage() == (5, 0)


def test_what_comes_without_a_length_is_charged_as_it_comes(case: Case) -> None:
    path = f"/v1/matters/{case.matter}/quota"
    told = case.world["firm_admin"].client.call("PUT", path, {"quota_bytes": 4 * MIB})
    assert (told["quota_bytes"], told["quota_is_default"]) == (4 * MIB, False)
    upload = upload_of(case.begin(None))
    head = f"PUT /v1/uploads/{upload}/content\r\nContent-Type: application/octet-stream\r\n"
    with open_request(case.world.instance, case.person, head + "Transfer-Encoding: chunked") as connection:
        connection.sendall(b"900000\r\n" + bytes(9 * MIB) + b"\r\n")
        assert status_of(connection) == 413
    (ended,) = rows(
        case.world.instance,
        "SELECT outcome FROM events WHERE matter_id = $1 AND reason = 'quota-exceeded'",
        UUID(case.matter),
    )
    assert ended[0] == "failed"
    assert (case.usage(), case.counts()) == ((0, 0), (0, 0))
    assert case.put(upload, iter([b"in ", b"parts"])).status_code == 200
    assert case.usage() == (8, 0)
    told = case.world["firm_admin"].client.call("PUT", path, {"quota_bytes": None})
    assert (told["quota_bytes"], told["quota_is_default"]) == (MATTER_QUOTA, True)


def test_counters_are_the_sums_of_what_is_there(case: Case) -> None:
    """Whatever became of an upload: complete, failed, ended, rejected, run out, of an older version."""
    document = case.put(upload_of(case.begin(10)), b"0123456789").json()["id"]
    assert case.put(upload_of(case.begin(None, document)), b"01234").status_code == 200
    failed = upload_of(case.begin(3))
    assert case.put(failed, iter([b"more than three"])).status_code == 422
    assert case.counts() == (18, 18)
    ended = Upload(case.http, case.begin_tus(1000).headers["location"])
    assert ended.delete().status_code == 204
    wrong = case.begin_tus(7, sha256=hashlib.sha256(b"other").hexdigest())
    assert Upload(case.http, wrong.headers["location"]).patch(0, b"content").status_code == 204
    good = case.begin_tus(7)
    assert Upload(case.http, good.headers["location"]).patch(0, b"content").status_code == 204
    eventually(lambda: case.usage() == (22, 3))
    etag = case.http.get(f"/v1/documents/{document}", headers=authorization(case.person)).headers["etag"]
    headers = authorization(case.person) | {"If-Match": etag}
    assert case.http.post(f"/v1/documents/{document}/withdraw", headers=headers).status_code == 200
    rows(
        case.world.instance,
        "UPDATE uploads SET expires_at = now() - interval '1 day' WHERE id = $1",
        UUID(failed),
    )
    eventually(lambda: case.usage() == (22, 0))
    assert case.counts() == (22, 22)
    held = row(case.world.instance, f"{_COUNTED} WHERE m.matter_id = $1", UUID(case.matter))["held"]
    assert held == 22


def test_the_operator_says_what_a_firm_may_hold(limited: World, http: httpx.Client) -> None:
    attorney, admin, firm = limited["other_attorney"], limited["other_admin"].client, limited.other_firm
    matter = attorney.client.call("POST", "/v1/matters", matter_body(attorney.id))["id"]
    admin.call("POST", "/v1/classes", {"id": "pleadings", "label": "Pleadings"})
    path = f"/v1/organizations/{firm}/quota"
    assert limited.operator.client.call("PUT", path, {"quota_bytes": 10})["quota_bytes"] == 10
    usage = admin.call("GET", "/v1/usage")
    assert (usage["quota_bytes"], usage["quota_is_default"]) == (10, False)
    body = {"name": "a.bin", "folder": "", "class_id": "pleadings"}

    def begin(length: int) -> httpx.Response:
        told = body | {"length_bytes": length}
        return http.post(f"/v1/matters/{matter}/documents", json=told, headers=authorization(attorney))

    assert refused(begin(11)) == (413, "quota-exceeded", "firm", 10)
    assert begin(10).status_code == 201
    limited.operator.client.call("PUT", path, {"quota_bytes": None})
    usage = admin.call("GET", "/v1/usage")
    assert (usage["reserved_bytes"], usage["quota_bytes"]) == (10, None)
    assert begin(11).status_code == 201
    set_events = rows(
        limited.instance, "SELECT * FROM events WHERE type = 'organization.quota.set' ORDER BY at, id"
    )
    assert [change_of(event)["quota_bytes"] for event in set_events] == [10, 10, "default", "default"]
    with pytest.raises(ProblemError, match="404 not-found"):
        limited.operator.client.call("PUT", f"/v1/organizations/{limited.provider}/quota", {"quota_bytes": 1})


def test_a_person_begins_so_many_uploads_and_no_more(case: Case) -> None:
    def attempt(turn: int) -> httpx.Response:
        return case.begin(1) if turn % 2 else case.begin_tus(1)

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(attempt, range(OPEN_UPLOADS + 16)))
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(201), statuses.count(429)) == (OPEN_UPLOADS, 16)
    assert case.document_count() == OPEN_UPLOADS
    upload = next(
        answer.json()["upload"]["id"]
        for answer in answers
        if answer.content[:1] == b"{" and answer.status_code == 201
    )
    assert case.put(upload, b"x").status_code == 200
    assert case.begin(1).status_code == 201


def test_a_day_has_so_many_requests_also_at_once(limited: World) -> None:
    attorney, paralegal = limited["attorney"], limited["paralegal"]
    asked = PER_DAY + 4
    grant = {
        "member_id": paralegal.id,
        "engagement_id": limited.engagement,
        "classes": ["pleadings"],
        "permissions": ["read"],
        "ends_at": (limited.instance.clock.now() + timedelta(days=7)).isoformat(),
        "purpose": "First review",
    }
    paths = []
    for _ in range(asked):
        matter = attorney.client.call("POST", "/v1/matters", matter_body(attorney.id))["id"]
        attorney.client.call("POST", f"/v1/matters/{matter}/grants", grant)
        paths.append(f"/v1/matters/{matter}/access-requests")
    body = {"classes": ["correspondence"], "ends_at": grant["ends_at"], "reason": "Second review"}

    def ask(path: str) -> str:
        try:
            return str(paralegal.client.call("POST", path, body)["state"])
        except ProblemError as problem:
            return problem.slug

    with ThreadPoolExecutor(asked) as pool:
        answers = sorted(pool.map(ask, paths))
    assert answers == ["open"] * PER_DAY + ["too-many-requests"] * 4
