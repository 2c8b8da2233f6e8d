"""A fetch that goes on where a broken connection left it, and believes only the digest of the whole."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO

import httpx

from .errors import (
    BusyError,
    EndedEarlyError,
    IntegrityError,
    ProblemError,
    TargetError,
    raise_for_problem,
)
from .files import CHUNK_BYTES
from .locking import is_taken
from .patience import Watch

_NO_LONGER_OURS = frozenset({403, 404, 410})
_PARTIAL, _UNSATISFIABLE = 206, 416


class Fetch:
    """One content on its way. `etag` is known from the first answer on, and holds for every later one."""

    def __init__(
        self,
        http: httpx.Client,
        headers: Callable[[], dict[str, str]],
        path: str,
        moved: Callable[[int], None] = lambda _count: None,
    ) -> None:
        self._http, self._headers, self._path, self._moved = http, headers, path, moved
        self._etag = ""
        self._received = 0
        self._digest = hashlib.sha256()

    def on_into(self, target: Path, partial_name: str, sha256: str, watch: Watch) -> None:
        """Make `target` the content with this digest, going on with what lies beside it in the partial file.

        That stays for whoever goes on: after a broken connection, a session that ended, a killed process. It
        goes when it is wrong, when the document is not one's own any more, and when the disk is full.
        """
        partial = target.with_name(partial_name)
        try:
            self._complete(partial, sha256, watch)
            partial.replace(target)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise TargetError(f"{target} cannot be written: {error.strerror or error}") from error
        except (IntegrityError, ProblemError) as error:
            if not _may_go_on(error):
                partial.unlink(missing_ok=True)
            raise

    def _complete(self, partial: Path, sha256: str, watch: Watch) -> None:
        with partial.open("ab+") as opened:
            _take(partial, opened)
            self._go_on(opened, sha256, watch)
            digest = watch.patience.keep_trying(lambda: self.into(opened, 0), lambda: self._received)
            if digest != sha256:
                raise IntegrityError("the content is not that of the listed version")
            opened.flush()
            os.fsync(opened.fileno())  # the name must not be durable before the content is

    def into(self, opened: IO[bytes], resumes: int) -> str:
        """Write the whole content; its SHA-256, hex.

        Raises:
            ProblemError: the server refused, or refused to go on.
            EndedEarlyError: it ended early too often.
            IntegrityError: it is not what was announced.
        """
        while True:
            before = self._received
            try:
                self._read(opened)
                break
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.ReadTimeout) as broken:
                if resumes == 0 or self._received == before:
                    raise EndedEarlyError("the content ended before it was complete") from broken
                resumes -= 1
        if f'"{self._digest.hexdigest()}"' != self._etag:
            raise IntegrityError("the content is not what the server announced")
        return self._digest.hexdigest()

    def _go_on(self, opened: IO[bytes], sha256: str, watch: Watch) -> None:
        opened.seek(0)
        while chunk := opened.read(CHUNK_BYTES):
            self._digest.update(chunk)
            self._received += len(chunk)
            self._moved(0)
        watch.found(self._received)
        self._etag = f'"{sha256}"'

    def _read(self, opened: IO[bytes]) -> None:
        headers = self._headers()
        if self._received:
            headers |= {"Range": f"bytes={self._received}-", "If-Range": self._etag}
        with self._http.stream("GET", self._path, headers=headers) as response:
            if response.status_code == _UNSATISFIABLE and self._received:
                return  # all of it is here; the digest says whether it is right
            if response.is_error:
                response.read()
            raise_for_problem(response)
            self._begin(response, opened)
            for chunk in response.iter_raw():  # as it comes: what is gathered first is lost when it breaks
                self._digest.update(chunk)
                opened.write(chunk)
                self._received += len(chunk)
                self._moved(len(chunk))

    def _begin(self, response: httpx.Response, opened: IO[bytes]) -> None:
        """Go on if the answer does; begin anew if it is all of it, or of something newer."""
        etag = response.headers["etag"]
        if response.status_code == _PARTIAL:
            start = response.headers["content-range"].removeprefix("bytes ").partition("-")[0]
            if etag != self._etag or start != str(self._received):
                raise IntegrityError("the server went on with something else")
            return
        opened.seek(0)
        opened.truncate()
        self._moved(-self._received)
        self._etag, self._received, self._digest = etag, 0, hashlib.sha256()


def _may_go_on(error: IntegrityError | ProblemError) -> bool:
    if isinstance(error, ProblemError):
        return error.status not in _NO_LONGER_OURS
    return isinstance(error, EndedEarlyError)


def _take(partial: Path, opened: IO[bytes]) -> None:
    """Have the partial file to oneself: two that add to it would make a third content of it.

    Raises:
        BusyError: somebody else has it, or had it just now and has finished it.
    """
    if is_taken(opened) or not _is_named(partial, opened):
        raise BusyError("another command is fetching it")


def _is_named(path: Path, opened: IO[bytes]) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(opened.fileno()))
    except FileNotFoundError:
        return False
