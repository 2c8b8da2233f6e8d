"""Putting files in: a small one in one request, a large one in pieces, so that it need not begin anew."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from .errors import raise_for_problem
from .files import CHUNK_BYTES, LocalFile, Moved, known, unseen
from .patience import Watch
from .sending import Begun, Sending, begin, give_up
from .settling import settled

JSON = dict[str, Any]
AT_ONCE_BYTES = 8 * 1024 * 1024
"""A file that is no longer than this goes in one request, and is sent anew if that breaks."""


class Uploading(ABC):
    """What a client does with files that it has."""

    _http: httpx.Client

    @abstractmethod
    def call(self, method: str, path: str, body: object = None, **query: str) -> JSON: ...

    @abstractmethod
    def _headers(self) -> dict[str, str]: ...

    def put(self, matter_id: str, path: Path, class_id: str, folder: str = "") -> JSON:
        """Put one file into a matter, streamed; its digest is sent along and checked by the server.

        A large one goes on where the connection broke.
        """
        file = LocalFile.read(path)
        if file.length_bytes <= AT_ONCE_BYTES:
            return self._at_once(self.create(matter_id, file, class_id, folder), file)
        return self.send_on(self.begin(matter_id, file, class_id, folder), file)

    def put_version(self, document_id: str, path: Path) -> JSON:
        """Make a file the next version of a document, which keeps its name, folder and class. As `put`."""
        file = LocalFile.read(path)
        if file.length_bytes <= AT_ONCE_BYTES:
            return self._at_once(self.create_version(document_id, file), file)
        return self.send_on(self.begin_version(document_id, file), file)

    def _at_once(self, upload: JSON, file: LocalFile) -> JSON:
        document = self.send(upload, file.path)
        return document if is_in(document, file) else self.settled(upload["id"], file)

    # In one request

    def create(self, matter_id: str, path: Path | LocalFile, class_id: str, folder: str = "") -> JSON:
        """A document for a file, still without content; its upload, for `send`."""
        file = known(path)
        declared = {"name": file.path.name, "folder": folder, "class_id": class_id, **_declaration(file)}
        upload: JSON = self.call("POST", f"/v1/matters/{matter_id}/documents", declared)["upload"]
        return upload

    def create_version(self, document_id: str, path: Path | LocalFile) -> JSON:
        """A version for a file, still without content; its upload, for `send`."""
        declared = _declaration(known(path))
        upload: JSON = self.call("POST", f"/v1/documents/{document_id}/versions", declared)["upload"]
        return upload

    def send(self, upload: JSON, path: Path, moved: Moved = unseen) -> JSON:
        """Send the content of an open upload, streamed; the document that it belongs to.

        Where content is scanned it is not available yet then; see `is_in` and `settled`.
        """
        response = self._http.put(
            f"/v1/uploads/{upload['id']}/content",
            content=_chunks(path, moved),
            headers={
                **self._headers(),
                "Content-Type": "application/octet-stream",
                "Content-Length": str(path.stat().st_size),
            },
        )
        raise_for_problem(response)
        document: JSON = response.json()
        return document

    # Piece by piece

    def begin(self, matter_id: str, file: LocalFile, class_id: str, folder: str = "") -> Begun:
        """A document for a file, still without content; its upload, for `send_on`, which needs no token."""
        told = {"filename": file.path.name, "folder": folder, "class": class_id, "sha256": file.sha256}
        return begin(self._http, f"/v1/matters/{matter_id}/tus", file.length_bytes, told, self._headers())

    def begin_version(self, document_id: str, file: LocalFile) -> Begun:
        """A version for a file, still without content; its upload, for `send_on`."""
        told = {"filename": file.path.name, "sha256": file.sha256}
        path = f"/v1/documents/{document_id}/tus"
        return begin(self._http, path, file.length_bytes, told, self._headers())

    def send_on(self, begun: Begun, file: LocalFile, watch: Watch | None = None) -> JSON:
        """Send what an upload has not yet, and wait until it is available; the document that it belongs to.

        Raises:
            UploadGoneError: the upload is not there any more; begin another.
            FileChangedError: the file is not what it was when it was read.
            RefusedContentError, UnsettledError: it arrived, and is not available for good, or not yet.
            ProblemError, httpx.TransportError: refused, or out of patience; the same call goes on.
        """
        watch = watch or Watch()
        Sending(self._http, begun, file, watch).run()
        return self.settled(begun.upload_id, file, watch)

    def settled(self, upload_id: str, file: LocalFile, watch: Watch | None = None) -> JSON:
        """The document of an upload that has all its content, once that is available; see `send_on`."""
        return settled(self.call, upload_id, file.length_bytes, watch or Watch())

    def give_up(self, begun: Begun) -> None:
        """End an upload that will not be gone on with (raises ProblemError)."""
        give_up(self._http, begun)


def is_in(document: JSON, file: LocalFile) -> bool:
    """Whether this content is the document's newest version that is available."""
    version = document["version"]
    return version is not None and version["sha256"] == file.sha256


def _declaration(file: LocalFile) -> JSON:
    return {"length_bytes": file.length_bytes, "sha256": file.sha256}


def _chunks(path: Path, moved: Moved) -> Iterator[bytes]:
    with path.open("rb") as opened:
        while chunk := opened.read(CHUNK_BYTES):
            yield chunk
            moved(len(chunk))
