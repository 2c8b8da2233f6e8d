"""An instance with a scanner, and uploads into it that wait for what the scanner says."""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

import httpx

from tests.harness.clamd import STREAM_LIMIT_BYTES, Clamd
from tests.harness.eventually import eventually
from tests.harness.people import Person, World, matter_body
from tests.harness.resumable import TUS, metadata
from tests.harness.stage import authorization

LARGEST_SCANNED_BYTES = 2 * STREAM_LIMIT_BYTES
"""More than clamd takes, so that both its limit and Redwell's can be met."""


@dataclass(frozen=True)
class Sent:
    """A document's content, sent and acknowledged."""

    matter: str
    document: str
    upload: str
    answer: dict[str, Any]


@dataclass(frozen=True)
class Scanned:
    world: World
    clamd: Clamd

    @property
    def attorney(self) -> Person:
        return self.world["attorney"]

    def matter(self) -> str:
        """A matter of one test's own, with the attorney on it."""
        made = self.attorney.client.call("POST", "/v1/matters", matter_body(self.attorney.id))
        return str(made["id"])

    def send(self, content: bytes, matter: str | None = None, document: str | None = None) -> Sent:
        """In one request; as a new version of `document`, if one is named."""
        client, matter = self.attorney.client, matter or self.matter()
        if document is None:
            body = {"name": f"{secrets.token_hex(4)}.bin", "folder": "", "class_id": "pleadings"}
            made = client.call("POST", f"/v1/matters/{matter}/documents", body)
            document = made["document"]["id"]
        else:
            made = client.call("POST", f"/v1/documents/{document}/versions", {})
        upload = made["upload"]["id"]
        headers = authorization(self.attorney) | {"Content-Type": "application/octet-stream"}
        with self.world.instance.http() as http:
            answer = http.put(f"/v1/uploads/{upload}/content", content=content, headers=headers)
        assert answer.status_code == 200, answer.text
        return Sent(matter, document, upload, answer.json())

    def send_by_tus(self, content: bytes, matter: str) -> str:
        """All of it with the request that begins the upload; the upload."""
        told = metadata(filename="a.bin", **{"class": "pleadings"})
        headers = TUS | {"Upload-Length": str(len(content)), "Upload-Metadata": told}
        with self.world.instance.http() as http:
            answer = http.post(
                f"/v1/matters/{matter}/tus",
                content=content,
                headers=headers
                | authorization(self.attorney)
                | {"Content-Type": "application/offset+octet-stream"},
            )
        assert (answer.status_code, answer.headers["upload-offset"]) == (201, str(len(content))), answer.text
        return str(answer.headers["redwell-upload"])

    def upload(self, upload: str) -> dict[str, Any]:
        return self.attorney.client.call("GET", f"/v1/uploads/{upload}")

    def when(self, upload: str, **expected: object) -> dict[str, Any]:
        """The upload, once these fields of it are so."""

        def found() -> dict[str, Any] | None:
            view = self.upload(upload)
            return view if expected.items() <= view.items() else None

        return eventually(found, 60)

    def fetch(self, document: str, person: Person | None = None) -> httpx.Response:
        with self.world.instance.http() as http:
            path = f"/v1/documents/{document}/content"
            return http.get(path, headers=authorization(person or self.attorney))


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
