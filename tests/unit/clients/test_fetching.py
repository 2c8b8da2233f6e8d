"""A fetch that breaks off goes on where it was, and only the digest of the whole makes it good."""

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from clients.python.redwell_client import BusyError, IntegrityError, Patience, ProblemError, Watch
from clients.python.redwell_client.fetching import Fetch
from clients.python.redwell_client.locking import is_taken

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


def _fetch_on(folder: Path, *answers: httpx.Response) -> list[tuple[int, int]]:
    """Fetch on in a folder, without patience; what the watcher was told: found, and moved in all."""
    waiting, told = list(answers), [(0, 0)]

    def found(count: int) -> None:
        told.append((told[-1][0] + count, told[-1][1]))

    def moved(count: int) -> None:
        told.append((told[-1][0], told[-1][1] + count))

    transport = httpx.MockTransport(lambda _: waiting.pop(0))
    with httpx.Client(transport=transport, base_url="https://redwell.test") as http:
        fetch = Fetch(http, dict, "/content", moved)
        fetch.on_into(folder / "a", "a.part", ETAG.strip('"'), Watch(Patience(0), moved, found))
    return told


def test_what_came_is_gone_on_with_by_the_next(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError):
        _fetch_on(tmp_path, _broken(1000))
    assert [path.name for path in tmp_path.iterdir()] == ["a.part"]
    told = _fetch_on(tmp_path, _rest(1000))
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == CONTENT
    assert told[-1] == (1000, len(CONTENT) - 1000)


@pytest.mark.parametrize(
    ("status", "stays"), [(401, True), (429, True), (503, True), (403, False), (404, False), (410, False)]
)
def test_a_refusal_keeps_what_came_unless_it_is_not_ones_own(
    tmp_path: Path, status: int, *, stays: bool
) -> None:
    (tmp_path / "a.part").write_bytes(CONTENT[:1000])
    with pytest.raises(ProblemError):
        _fetch_on(tmp_path, httpx.Response(status, json={"type": "x/some"}))
    assert (tmp_path / "a.part").exists() is stays


def test_two_do_not_write_one_file(tmp_path: Path) -> None:
    with (tmp_path / "a.part").open("ab+") as another:
        assert not is_taken(another)
        with pytest.raises(BusyError):
            _fetch_on(tmp_path)
    _fetch_on(tmp_path, _whole(CONTENT, ETAG))
    assert (tmp_path / "a").read_bytes() == CONTENT
