"""A fetch that breaks off goes on where it was, and only the digest of the whole makes it good."""

import hashlib
import io
from collections.abc import Iterator

import httpx
import pytest

from clients.python.redwell_client import IntegrityError, ProblemError
from clients.python.redwell_client.fetching import Fetch

CONTENT = bytes(range(256)) * 40
ETAG = f'"{hashlib.sha256(CONTENT).hexdigest()}"'


class _Breaking(httpx.SyncByteStream):
    """Some bytes, and then the connection is gone."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        yield self._content
        raise httpx.RemoteProtocolError("peer closed connection")


def _fetch(*answers: httpx.Response, resumes: int = 3) -> tuple[str, bytes, list[httpx.Request]]:
    waiting, asked = list(answers), []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return waiting.pop(0)

    with httpx.Client(transport=httpx.MockTransport(answer), base_url="https://redwell.test") as http:
        opened = io.BytesIO()
        digest = Fetch(http, dict, "/content").into(opened, resumes)
    assert waiting == []
    return digest, opened.getvalue(), asked


def _broken(stop: int, start: int = 0) -> httpx.Response:
    headers = {"etag": ETAG} | ({"content-range": f"bytes {start}-10239/10240"} if start else {})
    return httpx.Response(206 if start else 200, headers=headers, stream=_Breaking(CONTENT[start:stop]))


def _rest(start: int, content: bytes = CONTENT, etag: str = ETAG) -> httpx.Response:
    headers = {"etag": etag, "content-range": f"bytes {start}-10239/10240"}
    return httpx.Response(206, headers=headers, stream=httpx.ByteStream(content[start:]))


def _whole(content: bytes, etag: str) -> httpx.Response:
    return httpx.Response(200, headers={"etag": etag}, stream=httpx.ByteStream(content))


def test_it_goes_on_where_it_was() -> None:
    digest, content, asked = _fetch(_broken(1000), _broken(3000, 1000), _rest(3000))
    assert (f'"{digest}"', content) == (ETAG, CONTENT)
    assert [request.headers.get("range") for request in asked] == [None, "bytes=1000-", "bytes=3000-"]
    assert [request.headers.get("if-range") for request in asked] == [None, ETAG, ETAG]


def test_a_newer_content_is_begun_anew() -> None:
    newer = f'"{hashlib.sha256(b"newer").hexdigest()}"'
    assert _fetch(_broken(1000), _whole(b"newer", newer))[1] == b"newer"


def test_wrong_bytes_are_not_believed() -> None:
    with pytest.raises(IntegrityError):
        _fetch(_broken(1000), _rest(1000, bytes(10240)))


def test_a_rest_of_something_else_is_not_taken() -> None:
    with pytest.raises(IntegrityError):
        _fetch(_broken(1000), _rest(1000, etag='"other"'))
    with pytest.raises(IntegrityError):
        _fetch(_broken(1000), _rest(999))


def test_it_gives_up_when_nothing_comes() -> None:
    with pytest.raises(IntegrityError):
        _fetch(_broken(1000), _broken(1000, 1000))
    with pytest.raises(IntegrityError):
        _fetch(_broken(1000), resumes=0)


def test_a_refusal_to_go_on_is_told() -> None:
    with pytest.raises(ProblemError, match="404"):
        _fetch(_broken(1000), httpx.Response(404, json={"type": "x/not-found"}))
