"""Limits of resumable uploads: each as it is set, told in `OPTIONS`, refused with a problem of its own."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

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
    wait_until_verified,
)
from tests.harness.rows import segments
from tests.harness.stage import content_of, staged

SIZE, LEAST, METADATA, OPEN, LIFETIME = 1024 * 1024, 64 * 1024, 200, 3, 240
FIRM, MATTER = 64 * SIZE, 32 * SIZE


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    told = {
        "REDWELL_DOCUMENT_LIMIT_BYTES": str(SIZE),
        "REDWELL_PATCH_MINIMUM_BYTES": str(LEAST),
        "REDWELL_UPLOAD_METADATA_LIMIT_BYTES": str(METADATA),
        "REDWELL_OPEN_UPLOADS_PER_MEMBER": str(OPEN),
        "REDWELL_UPLOAD_LIFETIME_SECONDS": str(LIFETIME),
        "REDWELL_FIRM_QUOTA_BYTES": str(FIRM),
        "REDWELL_MATTER_QUOTA_BYTES": str(MATTER),
    }
    with staged("embedded", **told) as built:
        yield built


@pytest.fixture
def http(world: World) -> Iterator[httpx.Client]:
    world.renew()
    with world.instance.http() as client:
        yield client


def problem_of(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == PROBLEM_TYPE
    assert "redwell-event" in answer.headers
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


def test_they_are_told(http: httpx.Client) -> None:
    answer = http.options("/v1/tus")
    assert answer.headers["tus-max-size"] == str(SIZE)
    assert answer.json() == {
        "document_limit_bytes": SIZE,
        "patch_minimum_bytes": LEAST,
        "patches_at_most": SIZE // LEAST,
        "upload_metadata_limit_bytes": METADATA,
        "open_uploads_per_member": OPEN,
        "reserved_bytes_per_member": 256 * 1024**3,
        "upload_lifetime_seconds": LIFETIME,
        "firm_quota_bytes": FIRM,
        "matter_quota_bytes": MATTER,
    }


def test_the_largest_document_comes_in_the_smallest_pieces(world: World, http: httpx.Client) -> None:
    content = content_of("the largest", SIZE)
    upload = begun(world, http, world["attorney"], SIZE)
    document = newest(world, world["attorney"])
    for offset in range(0, SIZE, LEAST):
        assert upload.patch(offset, content[offset : offset + LEAST]).status_code == 204
    wait_until_verified(world, document)
    assert len(segments(world.instance, document)) == SIZE // LEAST


def test_a_piece_that_is_too_small_and_one_that_is_too_large(world: World, http: httpx.Client) -> None:
    upload = begun(world, http, world["attorney"], SIZE)
    small = upload.patch(0, bytes(LEAST - 1))
    assert (*problem_of(small), small.json()["minimum_bytes"]) == (400, "patch-too-small", LEAST)
    unannounced = upload.patch(0, iter([bytes(LEAST - 1)]))
    assert problem_of(unannounced) == (400, "patch-too-small")
    assert problem_of(upload.patch(0, bytes(SIZE + 1))) == (413, "too-large")
    assert problem_of(upload.patch(0, iter([bytes(SIZE), b"x"]))) == (413, "too-large")
    assert upload.offset == 0
    assert upload.delete().status_code == 204


def test_a_document_that_is_too_large_and_metadata_that_is_too_long(world: World, http: httpx.Client) -> None:
    person = world["attorney"]
    assert problem_of(create(world, http, person, SIZE + 1)) == (413, "too-large")
    long = metadata(filename="a" * METADATA, **{"class": "pleadings"})
    refused = create(world, http, person, 1, Upload_Metadata=long)
    assert (*problem_of(refused), refused.json()["limit_bytes"]) == (413, "metadata-too-large", METADATA)


def test_as_many_are_open_as_may_be_however_many_are_begun_at_once(world: World, http: httpx.Client) -> None:
    person = invite(world.instance, world["firm_admin"], ["firm_staff"], "many")
    world["attorney"].client.call("PUT", f"/v1/matters/{world.matter}/people/{person.id}")
    together = threading.Barrier(3 * OPEN)

    def one(_: int) -> httpx.Response:
        together.wait(30)
        return create(world, http, person, SIZE)

    with ThreadPoolExecutor(3 * OPEN) as pool:
        answers = list(pool.map(one, range(3 * OPEN)))
    taken = [answer for answer in answers if answer.status_code == 201]
    refused = [answer for answer in answers if answer.status_code != 201]
    assert len(taken) == OPEN
    assert {problem_of(answer) for answer in refused} == {(429, "too-many-uploads")}
    assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)
    assert Upload(http, taken[0].headers["location"]).delete().status_code == 204
    assert create(world, http, person, SIZE).status_code == 201
    person.client.close()


def test_after_its_time_it_is_not_there_nor_counted(world: World, http: httpx.Client) -> None:
    uploads = [begun(world, http, world["attorney"], SIZE) for _ in range(OPEN)]
    assert uploads[0].patch(0, bytes(LEAST)).status_code == 204
    world.instance.clock.advance(LIFETIME + 1)
    assert uploads[0].head().status_code == 404
    assert uploads[0].patch(LEAST, bytes(LEAST)).status_code == 404
    assert uploads[0].delete().status_code == 404
    world.renew()
    assert begun(world, http, world["attorney"], SIZE).delete().status_code == 204


def test_a_checksum_that_is_no_text_is_refused(world: World, http: httpx.Client) -> None:
    upload = begun(world, http, world["attorney"], SIZE)
    told = {**TUS, "Content-Type": CONTENT_TYPE, "Upload-Offset": "0", "Upload-Checksum": "sha256 é"}
    headers = [(name.encode(), value.encode("latin-1")) for name, value in told.items()]
    answer = http.patch(upload.url, content=bytes(SIZE), headers=headers)
    assert problem_of(answer) == (400, "tus-request")
    assert upload.delete().status_code == 204
