"""A new version of a document by the tus protocol: the same rules as for one that comes at once."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.harness.eventually import eventually
from tests.harness.people import World
from tests.harness.resumable import TUS, Upload, create_at, metadata
from tests.harness.rows import events
from tests.harness.stage import content_of

PART = 300_000
CONTENT = content_of("next version", 2 * PART)


@pytest.fixture
def http(world: World) -> Iterator[httpx.Client]:
    with world.instance.http() as client:
        yield client


def slug_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


def there(document: str) -> str:
    return f"/v1/documents/{document}/tus"


def test_it_becomes_the_next_version_of_the_same_document(
    world: World, http: httpx.Client, tmp_path: Path
) -> None:
    person = world["attorney"]
    document = world.put(tmp_path, "grows.bin", b"the first", "privileged")["id"]
    digest = hashlib.sha256(CONTENT).hexdigest()
    # Clients tell name and type of the file that they have; the document's own stay.
    told = metadata(filename="other.bin", filetype="text/plain", sha256=digest)
    answer = create_at(there(document), http, person, len(CONTENT), Upload_Metadata=told)
    assert (answer.status_code, answer.headers["upload-offset"]) == (201, "0")
    (begun,) = events(world.instance, document, "document.version.created")
    assert answer.headers["redwell-event"].startswith(str(begun["id"]))
    upload = Upload(http, answer.headers["location"])
    assert upload.patch(0, CONTENT[:PART]).status_code == 204
    assert person.client.call("GET", f"/v1/documents/{document}")["version"]["number"] == 1
    assert upload.patch(upload.offset, CONTENT[PART:]).status_code == 204
    eventually(lambda: len(list(person.client.versions(document))) == 2)
    versions = person.client.versions(document)
    assert [(row["number"], row["length_bytes"]) for row in versions] == [(1, 9), (2, len(CONTENT))]
    described = person.client.call("GET", f"/v1/documents/{document}")
    assert (described["name"], described["class_id"], described["version"]["sha256"]) == (
        "grows.bin",
        "privileged",
        digest,
    )
    person.client.fetch(document, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == CONTENT
    person.client.fetch(document, tmp_path / "first", version=1)
    assert (tmp_path / "first").read_bytes() == b"the first"


def test_what_a_version_may_not_be_is_refused(world: World, http: httpx.Client, tmp_path: Path) -> None:
    person = world["attorney"]
    document = world.put(tmp_path, "refused.bin", b"as it is")
    path = there(document["id"])
    for told in (
        metadata(filename="a.bin", **{"class": "privileged"}),
        metadata(folder="elsewhere"),
        metadata(sha256="none"),
    ):
        refused = create_at(path, http, person, 10, Upload_Metadata=told)
        assert slug_of(refused) == (422, "invalid-input")
        assert refused.headers["tus-resumable"] == "1.0.0"
    assert http.post(path, headers=TUS | {"Upload-Length": "10"}).headers["tus-resumable"] == "1.0.0"
    for stranger, status in (
        ("other_attorney", 404),
        ("firm_staff", 404),
        ("officer", 403),
        ("paralegal", 403),
    ):
        assert create_at(path, http, world[stranger], 10).status_code == status
    withdrawn = person.client.withdraw(document)
    assert slug_of(create_at(path, http, person, 10)) == (409, "document-withdrawn")
    restored = person.client.restore(withdrawn)
    assert len(list(person.client.versions(restored["id"]))) == 1
    assert events(world.instance, document["id"], "document.version.created")[0]["outcome"] == "denied"
