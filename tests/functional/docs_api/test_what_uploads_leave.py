"""What is left of uploads that come to nothing: what is held or damaged stays and counts, the rest goes."""

import hashlib
import secrets
from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest

from clients.python.redwell_client import ProblemError
from tests.harness.eventually import eventually
from tests.harness.people import World, invite, matter_body
from tests.harness.resumable import TUS, Upload, metadata, wait_until_verified
from tests.harness.rows import events, row, rows, segments
from tests.harness.stage import MIB, authorization, content_of, objects_on_disk, staged

MEMBER_BYTES = 64 * MIB


@pytest.fixture(scope="module")
def swept() -> Iterator[World]:
    """An instance that is swept at once, though objects without a row stay for a day."""
    with staged("embedded", REDWELL_SWEEP_INTERVAL_SECONDS="1") as world:
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
