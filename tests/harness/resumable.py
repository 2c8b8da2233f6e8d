"""Requests of the tus protocol as its clients make them, and one at a time."""

import base64
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from tests.harness.eventually import eventually
from tests.harness.people import Person, World
from tests.harness.rows import row, rows
from tests.harness.stage import authorization
from tests.harness.wire import Wire

TUS = {"Tus-Resumable": "1.0.0"}
CONTENT_TYPE = "application/offset+octet-stream"


def metadata(**values: str) -> str:
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in values.items())


@dataclass
class Upload:
    """One upload, as who holds its URL sees it."""

    http: httpx.Client
    url: str

    def head(self, **headers: str) -> httpx.Response:
        return self.http.head(self.url, headers=TUS | headers)

    @property
    def offset(self) -> int:
        return int(self.head().headers["upload-offset"])

    def patch(self, offset: int, content: Any, **headers: str) -> httpx.Response:
        fixed = TUS | {"Content-Type": CONTENT_TYPE, "Upload-Offset": str(offset)}
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.patch(self.url, content=content, headers=fixed | told)

    def delete(self) -> httpx.Response:
        return self.http.delete(self.url, headers=TUS)


def create(
    world: World, http: httpx.Client, person: Person, length: int, name: str = "a.bin", **headers: str
) -> httpx.Response:
    """The answer to a request that begins an upload."""
    told = {"Upload_Metadata": metadata(filename=name, **{"class": "pleadings"})} | headers
    return create_at(f"/v1/matters/{world.matter}/tus", http, person, length, **told)


def create_at(path: str, http: httpx.Client, person: Person, length: int, **headers: str) -> httpx.Response:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    fixed = TUS | authorization(person) | {"Upload-Length": str(length)}
    return http.post(path, headers=fixed | told)


def begun(world: World, http: httpx.Client, person: Person, length: int, name: str = "a.bin") -> Upload:
    answer = create(world, http, person, length, name)
    assert answer.status_code == 201, answer.text
    return Upload(http, answer.headers["location"])


def patch(wire: Wire, person: Person, upload: Upload, length: int, offset: int = 0) -> None:
    """The head of a request that is to bring `length` bytes."""
    fields = {
        **TUS,
        "Content-Type": CONTENT_TYPE,
        "Upload-Offset": str(offset),
        "Content-Length": str(length),
    }
    told = {name.replace("-", "_"): value for name, value in fields.items()}
    wire.request(person, "PATCH", upload.url, **told)


def newest(world: World, person: Person) -> str:
    """The document of the upload that this person began last."""
    found = rows(
        world.instance,
        "SELECT document_id FROM uploads WHERE member_id = $1 AND kind = 'tus' ORDER BY id DESC LIMIT 1",
        UUID(person.id),
    )
    return str(found[0][0])


def state_of(world: World, document: str) -> str:
    return str(row(world.instance, "SELECT state FROM uploads WHERE document_id = $1", UUID(document))[0])


def wait_until_verified(world: World, document: str, state: str = "complete") -> None:
    """Return when the upload of this document has come to its end, which must be `state`."""
    ended = eventually(lambda: (found := state_of(world, document)) in {"complete", "rejected"} and found, 30)
    assert ended == state
