"""Sends a file by the tus protocol 1.0.0 (https://tus.io/protocols/resumable-upload), piece after piece.

1. Creation gives the upload's address, which is a secret that opens this upload alone, and needs no token.
2. `HEAD` tells how much is durable there: before the first piece, and after everything that went wrong.
3. Each piece is a `PATCH` with its SHA-256: taken whole or not at all. Pieces grow while the line is fast and
   shrink when it breaks, so that an interruption costs seconds of sending, on any line.
"""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import httpx

from .errors import ProblemError, RedwellClientError, UploadGoneError, raise_for_problem
from .files import LocalFile
from .patience import Watch

MIB = 1024 * 1024
FIRST_PIECE_BYTES = 8 * MIB
"""As much as the server seals in one."""
LEAST_PIECE_BYTES, MOST_PIECE_BYTES = MIB, 64 * MIB
QUICK_SECONDS, SLOW_SECONDS = 4.0, 30.0
_TUS = {"Tus-Resumable": "1.0.0"}
_ADDRESS = re.compile(r"/v1/tus/[A-Za-z0-9_-]+")
_NUMBER = re.compile(r"[0-9]{1,18}")
_GONE = frozenset({401, 403, 404, 410})


@dataclass(frozen=True, slots=True)
class Begun:
    """An upload that goes on until all is there. Whoever has its location can add to it."""

    location: str = field(repr=False)
    upload_id: str

    def __post_init__(self) -> None:
        if not _ADDRESS.fullmatch(self.location):
            raise RedwellClientError("the server named no address to go on at")


def begin(
    http: httpx.Client, path: str, length_bytes: int, metadata: Mapping[str, str], token: Mapping[str, str]
) -> Begun:
    """Begin an upload of `length_bytes` at `path`, for whoever `token` says.

    Raises:
        ProblemError: refused.
    """
    headers = {**token, **_TUS, "Upload-Length": str(length_bytes), "Upload-Metadata": _encoded(metadata)}
    response = http.post(path, headers=headers)
    raise_for_problem(response)
    return Begun(response.headers.get("location", ""), response.headers.get("redwell-upload", ""))


def give_up(http: httpx.Client, begun: Begun) -> None:
    """End an upload that will not be gone on with (raises ProblemError)."""
    raise_for_problem(http.delete(begun.location, headers=_TUS))


def _encoded(metadata: Mapping[str, str]) -> str:
    told = {name: base64.b64encode(value.encode()).decode() for name, value in metadata.items() if value}
    return ",".join(f"{name} {value}" for name, value in told.items())


class Sending:
    """The rest of one upload, of which so much is durable as `HEAD` tells."""

    def __init__(self, http: httpx.Client, begun: Begun, file: LocalFile, watch: Watch) -> None:
        self._http, self._begun, self._file, self._watch = http, begun, file, watch
        self._offset: int | None = None
        self._least, self._piece = LEAST_PIECE_BYTES, FIRST_PIECE_BYTES

    def run(self) -> None:
        """Send until all of it is durable.

        Raises:
            UploadGoneError: it is not there any more, or was begun for something else.
            FileChangedError: the file is not what it was.
            ProblemError, httpx.TransportError: refused, or out of patience.
        """
        self._watch.patience.keep_trying(self._send_rest, lambda: self._offset or 0)

    def _send_rest(self) -> None:
        offset = self._ask()
        while offset < self._file.length_bytes:
            offset = self._send_piece(offset)

    def _ask(self) -> int:
        response = self._http.head(self._begun.location, headers=_TUS)
        if response.status_code in _GONE:
            self._watch.moved(-(self._offset or 0))
            raise UploadGoneError("the upload is not there any more")
        raise_for_problem(response)
        if response.headers.get("upload-length") != str(self._file.length_bytes):
            raise UploadGoneError("the upload was begun for something else")
        told = self._told(response, 0)
        if self._offset is None:
            self._watch.found(told)
        else:
            self._watch.moved(told - self._offset)
        self._offset = told
        return told

    def _send_piece(self, start: int) -> int:
        stop = min(start + self._piece, self._file.length_bytes)
        began, sent = self._watch.patience.clock(), 0

        def counted() -> Iterator[bytes]:
            nonlocal sent
            for chunk in self._file.chunks(start, stop):
                yield chunk
                sent += len(chunk)
                self._watch.moved(len(chunk))

        try:
            self._offset = self._patch(start, stop, counted())
        except BaseException as failure:
            self._watch.moved(-sent)
            self._shrink(failure)
            raise
        self._watch.moved(self._offset - start - sent)
        self._fit(self._watch.patience.clock() - began)
        return self._offset

    def _patch(self, start: int, stop: int, content: Iterator[bytes]) -> int:
        digest = hashlib.sha256()
        for chunk in self._file.chunks(start, stop):
            digest.update(chunk)
        self._file.require_unchanged()
        headers = {
            **_TUS,
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(stop - start),
            "Upload-Offset": str(start),
            "Upload-Checksum": f"sha256 {base64.b64encode(digest.digest()).decode()}",
        }
        response = self._http.patch(self._begun.location, content=content, headers=headers)
        raise_for_problem(response)
        return self._told(response, start + 1)

    def _told(self, response: httpx.Response, least: int) -> int:
        """How much the server has; at least `least`, and at most all of it."""
        told = response.headers.get("upload-offset", "")
        if not _NUMBER.fullmatch(told) or not least <= int(told) <= self._file.length_bytes:
            raise RedwellClientError("the answer tells no offset that could be")
        return int(told)

    def _fit(self, seconds: float) -> None:
        """Grow pieces that take little time, and shrink those that take much."""
        if seconds < QUICK_SECONDS:
            self._piece = min(self._piece * 2, MOST_PIECE_BYTES)
        elif seconds > SLOW_SECONDS:
            self._piece = max(self._piece // 2, self._least)

    def _shrink(self, failure: BaseException) -> None:
        if isinstance(failure, ProblemError) and failure.slug == "patch-too-small":
            least = failure.document.get("minimum_bytes")
            self._least = max(self._least, least if isinstance(least, int) else MOST_PIECE_BYTES)
        self._piece = max(self._piece // 2, self._least)
