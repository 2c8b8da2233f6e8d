"""A fetch that goes on where a broken connection left it, and believes only the digest of the whole."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import IO

import httpx

from .errors import EndedEarlyError, IntegrityError, raise_for_problem

_PARTIAL, _UNSATISFIABLE = 206, 416
_CHUNK_BYTES = 1024 * 1024


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

    def on_into(self, partial: Path, sha256: str, resumes: int) -> None:
        """Bring `partial` to the whole content with this digest, going on with what is in it.

        It stays when the connection breaks, and goes when it turns out to be wrong.
        """
        try:
            with partial.open("ab+") as opened:
                self._go_on(opened, sha256)
                digest = self.into(opened, resumes)
        except (EndedEarlyError, httpx.TransportError, KeyboardInterrupt):
            raise
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        if digest != sha256:
            partial.unlink()
            raise IntegrityError("the content is not that of the listed version")

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

    def _go_on(self, opened: IO[bytes], sha256: str) -> None:
        opened.seek(0)
        while chunk := opened.read(_CHUNK_BYTES):
            self._digest.update(chunk)
            self._received += len(chunk)
            self._moved(len(chunk))
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
