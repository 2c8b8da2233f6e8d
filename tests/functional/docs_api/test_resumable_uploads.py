"""Uploads by the tus protocol: what was acknowledged stays, the offset is true, a capability opens one."""

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from services.kernel.problems import PROBLEM_TYPE
from tests.harness.people import World, invite
from tests.harness.resumable import (
    CONTENT_TYPE,
    TUS,
    Upload,
    begun,
    create,
    metadata,
    newest,
    state_of,
    wait_until_verified,
)
from tests.harness.rows import change_of, events, row, segments
from tests.harness.stage import MIB, authorization, content_of

PART = 300_000
CONTENT = content_of("resumable", 2 * PART + 7)


@pytest.fixture
def http(world: World) -> Iterator[httpx.Client]:
    with world.instance.http() as client:
        yield client


def slug_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


def checksum(content: bytes) -> str:
    return f"sha256 {base64.b64encode(hashlib.sha256(content).digest()).decode()}"


def test_it_comes_in_parts_and_becomes_the_document(world: World, http: httpx.Client, tmp_path: Path) -> None:
    person = world["attorney"]
    upload = begun(world, http, person, len(CONTENT), "déjà vu.bin")
    document = newest(world, person)
    assert upload.offset == 0
    for offset in range(0, len(CONTENT), PART):
        answer = upload.patch(offset, CONTENT[offset : offset + PART])
        assert answer.status_code == 204
        assert int(answer.headers["upload-offset"]) == min(offset + PART, len(CONTENT))
        assert (answer.headers["tus-resumable"], "redwell-event" in answer.headers) == ("1.0.0", True)
    wait_until_verified(world, document)
    digest = person.client.fetch(document, tmp_path / "back")
    assert ((tmp_path / "back").read_bytes(), digest) == (CONTENT, hashlib.sha256(CONTENT).hexdigest())
    assert person.client.call("GET", f"/v1/documents/{document}")["name"] == "déjà vu.bin"
    assert [found["length_bytes"] for found in segments(world.instance, document)] == [PART, PART, 7]
    *_, last = events(world.instance, document, "document.received")
    assert (last["outcome"], str(last["actor_id"])) == ("allowed", person.id)
    head = upload.head()
    assert (head.headers["upload-offset"], head.headers["upload-length"]) == (str(len(CONTENT)),) * 2
    assert (
        head.headers["upload-metadata"]
        == metadata(filename="déjà vu.bin", filetype="application/octet-stream", **{"class": "pleadings"})
        + ",folder"
    )
    assert slug_of(upload.patch(len(CONTENT), b"more"))[1] == "upload-closed"


def test_a_wrong_offset_changes_nothing(world: World, http: httpx.Client) -> None:
    upload = begun(world, http, world["attorney"], len(CONTENT))
    document = newest(world, world["attorney"])
    assert upload.patch(0, CONTENT[:PART]).status_code == 204
    known = segments(world.instance, document)
    for wrong in (0, 1, PART - 1, PART + 1, len(CONTENT), len(CONTENT) + 1, 10**17):
        assert slug_of(upload.patch(wrong, content_of("other", PART))) == (409, "offset-mismatch")
    assert (upload.offset, segments(world.instance, document)) == (PART, known)


def test_limits_are_kept_and_told(world: World, http: httpx.Client) -> None:
    upload = begun(world, http, world["attorney"], len(CONTENT))
    small = upload.patch(0, b"x")
    assert (*slug_of(small), small.json()["minimum_bytes"]) == (400, "patch-too-small", 256 * 1024)
    assert slug_of(upload.patch(0, iter([b"x", b"y"]))) == (400, "patch-too-small")
    assert slug_of(upload.patch(0, bytes(len(CONTENT) + 1))) == (413, "too-large")
    assert upload.offset == 0
    options = http.options("/v1/tus")
    assert options.headers["tus-max-size"] == str(options.json()["document_limit_bytes"])
    assert options.headers["tus-checksum-algorithm"] == "sha256"
    assert "concatenation" not in options.headers["tus-extension"]
    too_large = int(options.headers["tus-max-size"]) + 1
    assert slug_of(create(world, http, world["attorney"], too_large)) == (413, "too-large")


def test_a_checksum_covers_all_of_a_request(world: World, http: httpx.Client) -> None:
    content = content_of("checked", 9 * MIB)
    upload = begun(world, http, world["attorney"], len(content))
    document = newest(world, world["attorney"])
    other = content[:-1] + bytes([content[-1] ^ 1])
    answer = upload.patch(0, other, Upload_Checksum=checksum(content))
    assert slug_of(answer) == (460, "checksum-mismatch")
    assert upload.offset == 0
    for wrong in ("sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", "sha256 AAAA", "sha256", "nonsense"):
        assert slug_of(upload.patch(0, content, Upload_Checksum=wrong)) == (400, "tus-request")
    assert upload.patch(0, content, Upload_Checksum=checksum(content)).status_code == 204
    wait_until_verified(world, document)


def test_content_that_was_not_declared_is_rejected(world: World, http: httpx.Client) -> None:
    declared = metadata(
        filename="d.bin", sha256=hashlib.sha256(b"other").hexdigest(), **{"class": "pleadings"}
    )
    answer = create(world, http, world["attorney"], 7, Upload_Metadata=declared)
    document = newest(world, world["attorney"])
    upload = Upload(http, answer.headers["location"])
    assert upload.patch(0, b"content").status_code == 204
    wait_until_verified(world, document, "rejected")
    *_, last = events(world.instance, document, "document.received")
    assert (last["outcome"], last["reason"]) == ("failed", "digest-mismatch")
    assert upload.head().status_code == 404
    assert document not in {found["id"] for found in world["attorney"].client.documents(world.matter)}


@pytest.mark.parametrize("content", [b"", b"small", content_of("at once", PART)])
def test_content_may_come_with_the_creation(
    world: World, http: httpx.Client, content: bytes, tmp_path: Path
) -> None:
    person = world["attorney"]
    fixed = {"Upload-Length": str(len(content)), "Content-Type": CONTENT_TYPE}
    told = {"Upload-Metadata": metadata(filename="once.bin", **{"class": "pleadings"})}
    answer = http.post(
        f"/v1/matters/{world.matter}/tus",
        content=content,
        headers=TUS | authorization(person) | fixed | told,
    )
    assert (answer.status_code, answer.headers["upload-offset"]) == (201, str(len(content)))
    document = newest(world, person)
    wait_until_verified(world, document)
    person.client.fetch(document, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == content


def test_what_is_not_served_is_refused(world: World, http: httpx.Client) -> None:
    person = world["attorney"]
    upload = begun(world, http, person, 10)
    deferred = create(world, http, person, 10, Upload_Defer_Length="1")
    assert slug_of(deferred) == (400, "tus-request")
    assert slug_of(create(world, http, person, 10, Upload_Concat="partial")) == (400, "tus-request")
    override = http.post(upload.url, headers=TUS | {"X-HTTP-Method-Override": "DELETE"})
    assert slug_of(override) == (400, "reserved-header")
    assert upload.offset == 0
    for told in ("filename", "filename ####", "unknown YQ==", "filename YQ==,filename Yg==", "filename /w=="):
        answer = create(world, http, person, 10, Upload_Metadata=told)
        assert answer.status_code in {400, 422}, told
    long = metadata(filename="a" * 200, folder="b" * 4000)
    assert create(world, http, person, 10, Upload_Metadata=long[:3500]).status_code in {400, 422}
    unsafe = metadata(filename="a/b\r\n", **{"class": "pleadings"})
    assert slug_of(create(world, http, person, 10, Upload_Metadata=unsafe)) == (422, "invalid-input")


@pytest.mark.parametrize("version", ["0.2.2", None])
def test_every_answer_names_the_version_and_another_is_refused(
    world: World, http: httpx.Client, version: str | None
) -> None:
    headers = {"Tus-Resumable": version} if version else {}
    for method, path in (
        ("POST", f"/v1/matters/{world.matter}/tus"),
        ("HEAD", "/v1/tus/unknown"),
        ("PATCH", "/v1/tus/unknown"),
    ):
        answer = http.request(method, path, headers=headers | authorization(world["attorney"]))
        assert (answer.status_code, answer.headers["tus-version"]) == (412, "1.0.0")
        assert answer.headers["tus-resumable"] == "1.0.0"
    for method, path in (("GET", "/v1/tus/unknown"), ("HEAD", "/v1/tus/unknown"), ("GET", "/v1/tus")):
        answer = http.request(method, path, headers=TUS)
        assert answer.status_code in {404, 405}
        assert answer.headers["tus-resumable"] == "1.0.0"


def test_a_terminated_upload_is_gone(world: World, http: httpx.Client) -> None:
    upload = begun(world, http, world["attorney"], len(CONTENT))
    document = newest(world, world["attorney"])
    upload.patch(0, CONTENT[:PART])
    assert upload.delete().status_code == 204
    assert (state_of(world, document), segments(world.instance, document)) == ("abandoned", [])
    assert {upload.head().status_code, upload.delete().status_code, upload.patch(0, b"x").status_code} == {
        404
    }
    event, _ = events(world.instance, document, "upload.terminated")
    assert change_of(event) == {"received": PART}


def test_the_capability_opens_its_upload_and_nothing_else(world: World, http: httpx.Client) -> None:
    upload = begun(world, http, world["attorney"], len(CONTENT))
    capability = upload.url.rpartition("/")[2]
    for headers in ({"Authorization": f"Bearer {capability}"}, {"Authorization": "Bearer ended"}):
        refused = http.get(f"/v1/matters/{world.matter}", headers=headers)
        assert refused.status_code == 401
    # A stock client repeats the token it began with: here it is not looked at.
    assert upload.head(Authorization="Bearer ended").status_code == 200
    assert http.head(f"{upload.url[:-1]}_", headers=TUS).status_code == 404
    document = newest(world, world["attorney"])
    found = row(world.instance, "SELECT id FROM uploads WHERE document_id = $1", UUID(document))
    assert http.head(f"/v1/tus/{found[0]}", headers=TUS).status_code == 404
    put = http.put(
        f"/v1/uploads/{found[0]}/content",
        content=b"x",
        headers=authorization(world["attorney"]) | {"Content-Type": "application/octet-stream"},
    )
    assert slug_of(put) == (409, "upload-kind")


def test_the_capability_ends_with_session_and_place_on_the_matter(world: World, http: httpx.Client) -> None:
    person = invite(world.instance, world["firm_admin"], ["firm_staff"], "leaver")
    place = f"/v1/matters/{world.matter}/people/{person.id}"
    world["attorney"].client.call("PUT", place)
    upload = begun(world, http, person, len(CONTENT))
    world["attorney"].client.call("DELETE", place)
    assert upload.head().status_code == 404
    assert upload.patch(0, CONTENT[:PART]).status_code == 404
    world["attorney"].client.call("PUT", place)
    assert upload.patch(0, CONTENT[:PART]).status_code == 204
    person.client.call("POST", "/v1/sign-out")
    assert upload.head().status_code == 401
    refused = upload.patch(PART, CONTENT[PART:])
    assert (*slug_of(refused), refused.headers["content-type"]) == (401, "session-ended", PROBLEM_TYPE)
    person.client.close()


def test_only_people_on_the_matter_begin_uploads(world: World, http: httpx.Client) -> None:
    assert create(world, http, world["other_attorney"], 10).status_code == 404
    assert create(world, http, world["officer"], 10).status_code == 403
    assert create(world, http, world["attorney"], 10, Authorization="").status_code == 401


def test_the_capability_is_nowhere_but_in_the_answer(world: World, http: httpx.Client) -> None:
    upload = begun(world, http, world["attorney"], len(CONTENT))
    document = newest(world, world["attorney"])
    capability = upload.url.rpartition("/")[2].encode()
    upload.patch(3, CONTENT)
    refused = events(world.instance, document, "document.received")
    assert [event["reason"] for event in refused] == ["offset-mismatch"]
    assert all(capability not in event["body"] for event in refused)
    written = [path for path in world.instance.folder.rglob("*.log") if path.is_file()]
    assert written
    assert all(capability not in path.read_bytes() for path in written)
