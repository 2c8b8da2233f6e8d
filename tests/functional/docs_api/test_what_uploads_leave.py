"""What is left of uploads that come to nothing: what is held or damaged stays and counts, the rest goes."""

import hashlib
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import httpx
import pytest

from clients.python.redwell_client import ProblemError
from tests.harness.eventually import eventually
from tests.harness.people import World, invite, matter_body
from tests.harness.programs import new_program
from tests.harness.resumable import TUS, Upload, metadata, wait_until_verified
from tests.harness.rows import events, row, rows, segments
from tests.harness.stage import MIB, authorization, content_of, objects_on_disk, staged

MEMBER_BYTES = 64 * MIB


@pytest.fixture(scope="module")
def swept() -> Iterator[World]:
    """An instance that is swept at once, though objects without a row stay for a day."""
    told = {"REDWELL_RESERVED_BYTES_PER_MEMBER": str(MEMBER_BYTES)}
    with staged("embedded", REDWELL_SWEEP_INTERVAL_SECONDS="1", **told) as world:
        yield world


class Case:
    """A matter of one test's own, and its attorney."""

    def __init__(self, world: World, http: httpx.Client) -> None:
        self.world, self.http = world, http
        self.person = invite(world.instance, world["firm_admin"], ["attorney"], "leaving")
        self.matter = str(self.person.client.call("POST", "/v1/matters", matter_body(self.person.id))["id"])

    def begin(self, length: int, **declared: str) -> httpx.Response:
        name = f"{secrets.token_hex(4)}.bin"
        told = metadata(filename=name, **{"class": "pleadings"}, **declared)
        headers = TUS | authorization(self.person) | {"Upload-Length": str(length), "Upload-Metadata": told}
        return self.http.post(f"/v1/matters/{self.matter}/tus", headers=headers)

    def begun(self, length: int, **declared: str) -> tuple[Upload, str, str]:
        """An upload, its id and its document's."""
        answer = self.begin(length, **declared)
        assert answer.status_code == 201, answer.text
        upload = answer.headers["redwell-upload"]
        found = row(self.world.instance, "SELECT document_id FROM uploads WHERE id = $1", UUID(upload))
        return Upload(self.http, answer.headers["location"]), upload, str(found[0])

    def hold(self) -> str:
        made = self.person.client.call("POST", f"/v1/matters/{self.matter}/holds", {"reason": "To be kept"})
        return str(made["id"])

    def release(self, hold: str) -> None:
        self.person.client.call("POST", f"/v1/holds/{hold}/release", {"reason": "Settled"})

    def used(self) -> int:
        """What the matter is charged with."""
        usage = self.world["firm_admin"].client.call("GET", "/v1/usage/matters", limit="200")["items"]
        (mine,) = [each for each in usage if each["matter_id"] == self.matter]
        return int(mine["held_bytes"] + mine["reserved_bytes"])

    def keys(self, document: str) -> list[str]:
        return [str(each["object_key"]) for each in segments(self.world.instance, document)]

    def there(self, keys: list[str]) -> bool:
        return set(keys) <= objects_on_disk(self.world.instance).keys()


@pytest.fixture
def case(swept: World) -> Iterator[Case]:
    swept.renew()
    with swept.instance.http() as http:
        made = Case(swept, http)
        yield made
        made.person.client.close()


def test_what_is_rejected_under_a_hold_stays_until_it_is_released(case: Case) -> None:
    hold = case.hold()
    upload, _, document = case.begun(7, sha256=hashlib.sha256(b"other").hexdigest())
    assert upload.patch(0, b"content").status_code == 204
    wait_until_verified(case.world, document, "rejected")
    keys = case.keys(document)
    assert (len(keys), case.there(keys), case.used()) == (1, True, 7)
    case.release(hold)
    eventually(lambda: case.used() == 0)
    assert case.keys(document) == []
    (event,) = events(case.world.instance, document, "upload.forgotten")
    assert (event["outcome"], event["reason"]) == ("info", "digest-mismatch")


def test_what_is_damaged_is_kept_until_an_operator_decides(case: Case) -> None:
    upload, upload_id, document = case.begun(2 * MIB)
    assert upload.patch(0, content_of("good", MIB)).status_code == 204
    (key,) = case.keys(document)
    objects_on_disk(case.world.instance)[key].unlink()
    assert upload.patch(MIB, content_of("rest", MIB)).status_code == 204
    wait_until_verified(case.world, document, "rejected")
    assert (len(case.keys(document)), case.used()) == (2, 2 * MIB)
    operator, hold = case.world.operator.client, case.hold()
    told = operator.call("GET", "/v1/stalled-uploads", limit="200")["items"]
    (mine,) = [each for each in told if each["id"] == upload_id]
    assert (mine["state"], mine["reason"]) == ("rejected", "integrity-failure")
    path = f"/v1/organizations/{case.world.firm}/uploads/{upload_id}/reject"
    with pytest.raises(ProblemError) as refused:
        operator.call("POST", path)
    assert (refused.value.status, refused.value.slug) == (409, "content-held")
    assert len(case.keys(document)) == 2
    case.release(hold)
    operator.call("POST", path)
    assert (case.keys(document), case.used()) == ([], 0)
    with pytest.raises(ProblemError, match="404 not-found"):
        operator.call("POST", path)


def test_no_role_removes_what_came_whole_and_is_held(case: Case) -> None:
    hold = case.hold()
    upload, _, document = case.begun(7, sha256=hashlib.sha256(b"other").hexdigest())
    assert upload.patch(0, b"content").status_code == 204
    wait_until_verified(case.world, document, "rejected")
    gone = "DELETE FROM segments s USING versions v WHERE v.id = s.version_id AND v.document_id = $1"
    with pytest.raises(Exception, match="held: segments may not be removed"):
        rows(case.world.instance, gone, UUID(document))
    case.release(hold)


def _refused(answer: httpx.Response) -> tuple[int, str, int]:
    problem = answer.json()
    return answer.status_code, problem["type"].rpartition("/")[2], problem["limit_bytes"]


def test_a_person_reserves_so_much_and_no_more(case: Case) -> None:
    full = (413, "too-much-reserved", MEMBER_BYTES)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(case.begin, [MEMBER_BYTES // 4] * 6))
    assert sorted(answer.status_code for answer in answers) == [201] * 4 + [413] * 2
    assert {_refused(answer) for answer in answers if answer.status_code == 413} == {full}
    begun = [answer.headers["location"] for answer in answers if answer.status_code == 201]
    document = {"name": "a.bin", "folder": "", "class_id": "pleadings"}
    headers, path = authorization(case.person), f"/v1/matters/{case.matter}/documents"
    assert _refused(case.http.post(path, json=document | {"length_bytes": 1}, headers=headers)) == full
    # Of unknown length: refused with the request that announces it.
    upload = case.http.post(path, json=document, headers=headers).json()["upload"]["id"]
    content = headers | {"Content-Type": "application/octet-stream"}
    assert _refused(case.http.put(f"/v1/uploads/{upload}/content", content=b"x", headers=content)) == full
    assert case.used() == MEMBER_BYTES
    assert Upload(case.http, begun[0]).delete().status_code == 204
    assert case.http.put(f"/v1/uploads/{upload}/content", content=b"x", headers=content).status_code == 200
    told = case.http.options("/v1/tus").json()
    assert told["reserved_bytes_per_member"] == MEMBER_BYTES


def test_what_somebody_began_ends_with_them(case: Case) -> None:
    upload, upload_id, document = case.begun(3 * MIB)
    assert upload.patch(0, content_of("part", MIB)).status_code == 204
    assert case.used() == 3 * MIB
    case.world["firm_admin"].client.call("POST", f"/v1/members/{case.person.id}/suspend")
    state = "SELECT state FROM uploads WHERE id = $1"
    eventually(lambda: row(case.world.instance, state, UUID(upload_id))[0] == "abandoned")
    assert (case.keys(document), case.used()) == ([], 0)


@pytest.mark.parametrize("end", ["disabled", "over"])
def test_what_a_program_began_ends_with_it(case: Case, end: str) -> None:
    program = new_program(case.world, case.world["firm_admin"])
    case.person.client.call("PUT", f"/v1/matters/{case.matter}/people/{program.id}")
    told = metadata(filename="a.bin", **{"class": "pleadings"})
    headers = {"Authorization": f"Bearer {program.token()}", "Upload-Length": "9", "Upload-Metadata": told}
    answer = case.http.post(f"/v1/matters/{case.matter}/tus", headers=TUS | headers)
    assert (answer.status_code, case.used()) == (201, 9)
    if end == "disabled":
        case.world["firm_admin"].client.call("POST", f"/v1/clients/{program.id}/disable")
    else:
        over = "UPDATE clients SET expires_at = now() WHERE id = $1"
        rows(case.world.instance, over, UUID(program.id))
    eventually(lambda: case.used() == 0)


def _has_gone(case: Case, keys: list[str]) -> bool:
    return not set(keys) & objects_on_disk(case.world.instance).keys()


def test_objects_of_an_upload_that_is_ended_go_with_it(case: Case) -> None:
    upload, _, document = case.begun(2 * MIB)
    assert upload.patch(0, content_of("part", MIB)).status_code == 204
    keys = case.keys(document)
    assert (len(keys), case.there(keys)) == (1, True)
    assert upload.delete().status_code == 204
    assert _has_gone(case, keys)


def test_objects_of_what_was_refused_go_at_once(case: Case) -> None:
    """What is not what was declared, and what there is no room for once it came."""
    before, headers = objects_on_disk(case.world.instance).keys(), authorization(case.person)
    media = headers | {"Content-Type": "application/octet-stream"}
    path = f"/v1/matters/{case.matter}/quota"
    for declared, quota, status in (({"sha256": "0" * 64}, None, 422), ({}, MIB, 413)):
        case.world["firm_admin"].client.call("PUT", path, {"quota_bytes": quota})
        document = {"name": f"{status}.bin", "folder": "", "class_id": "pleadings"} | declared
        made = case.http.post(f"/v1/matters/{case.matter}/documents", json=document, headers=headers)
        upload = made.json()["upload"]["id"]
        content = iter([content_of("refused", 9 * MIB)])
        answer = case.http.put(f"/v1/uploads/{upload}/content", content=content, headers=media)
        assert answer.status_code == status
        assert objects_on_disk(case.world.instance).keys() <= before, status


def test_a_sender_is_told_what_they_said_and_no_more(case: Case) -> None:
    told, headers = "upload-metadata", authorization(case.person)
    upload, _, document = case.begun(4)
    assert told in upload.head().headers
    assert upload.patch(0, b"good").status_code == 204
    wait_until_verified(case.world, document)
    assert told in upload.head().headers
    said = {"Upload-Length": "4", "Upload-Metadata": metadata(filename="mine.bin")}
    next_version = case.http.post(f"/v1/documents/{document}/tus", headers=TUS | headers | said)
    assert next_version.status_code == 201
    assert told not in Upload(case.http, next_version.headers["location"]).head().headers
    etag = case.http.get(f"/v1/documents/{document}", headers=headers).headers["etag"]
    changed = case.http.patch(
        f"/v1/documents/{document}", json={"name": "theirs.bin"}, headers=headers | {"If-Match": etag}
    )
    assert changed.status_code == 200, changed.text
    assert told not in upload.head().headers
