"""A file goes in pieces, from where the server says, and only as long as it is the file that was read."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from clients.python.redwell_client import (
    Begun,
    FileChangedError,
    LocalFile,
    Patience,
    ProblemError,
    RedwellClientError,
    UploadGoneError,
    Watch,
)
from clients.python.redwell_client.sending import MIB, Sending, begin
from tests.unit.clients.tus_server import BEGUN, TusServer, problem, vanish

CONTENT = bytes(range(256)) * 4096 * 30


@dataclass
class Time:
    now: float = 0.0
    pauses: list[float] = field(default_factory=list)

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def file(tmp_path: Path) -> LocalFile:
    (tmp_path / "content").write_bytes(CONTENT)
    return LocalFile.read(tmp_path / "content")


def send(
    server: TusServer, file: LocalFile, tick: float = 0.0, seconds: float = 60.0
) -> tuple[Time, list[int]]:
    """How time went by, and what the watcher was told: what was found, then what moved in all."""
    time, told = Time(), [0, 0]

    def clock() -> float:
        time.now += tick
        return time.now

    def found(count: int) -> None:
        told[0] += count

    def moved(count: int) -> None:
        told[1] += count

    watch = Watch(Patience(seconds, clock, time.pause), moved, found)
    with server.client() as http:
        Sending(http, BEGUN, file, watch).run()
    return time, told


def test_pieces_grow_on_a_good_line(file: LocalFile) -> None:
    server = TusServer(len(CONTENT))
    time, told = send(server, file)
    assert (server.content, server.offsets) == (CONTENT, [0, 8 * MIB, 24 * MIB])
    assert (time.pauses, told, server.heads) == ([], [0, len(CONTENT)], 1)


def test_pieces_shrink_on_a_slow_line(file: LocalFile) -> None:
    server = TusServer(len(CONTENT))
    send(server, file, tick=31)
    assert server.offsets[:4] == [0, 8 * MIB, 12 * MIB, 14 * MIB]
    assert server.content == CONTENT


def test_it_goes_on_where_an_earlier_command_stopped(file: LocalFile) -> None:
    server = TusServer(len(CONTENT))
    server.content = CONTENT[: 10 * MIB]
    _, told = send(server, file)
    assert (server.content, server.offsets[0]) == (CONTENT, 10 * MIB)
    assert told == [10 * MIB, len(CONTENT) - 10 * MIB]


def test_after_a_failure_the_server_is_asked(file: LocalFile) -> None:
    server = TusServer(len(CONTENT), vanish)
    time, told = send(server, file)
    assert (server.content, server.offsets[:2], server.heads) == (CONTENT, [0, 4 * MIB], 2)
    assert (time.pauses, told) == ([0.5], [0, len(CONTENT)])


def test_what_was_taken_is_not_sent_again_when_the_answer_was_lost(file: LocalFile) -> None:
    server = TusServer(len(CONTENT))
    server._faults = [server.take_and_vanish]
    _, told = send(server, file)
    assert (server.content, server.offsets[:2]) == (CONTENT, [0, 8 * MIB])
    assert told == [0, len(CONTENT)]


@pytest.mark.parametrize(
    ("answer", "pause"),
    [
        (problem(423, "upload-busy", retry_after=5), 5.0),
        (problem(409, "offset-mismatch"), 0.5),
        (problem(460, "checksum-mismatch"), 0.5),
        (problem(503, "unavailable", retry_after=900), 30.0),
    ],
)
def test_what_passes_is_waited_for(file: LocalFile, answer: httpx.Response, pause: float) -> None:
    server = TusServer(len(CONTENT), lambda _: answer)
    time, _ = send(server, file)
    assert (server.content, time.pauses) == (CONTENT, [pause])


def test_the_least_that_the_server_takes_is_heeded(file: LocalFile) -> None:
    def too_small(_: httpx.Request) -> httpx.Response:
        return problem(400, "patch-too-small", minimum_bytes=20 * MIB)

    server = TusServer(len(CONTENT), too_small)
    send(server, file)
    assert (server.content, server.offsets) == (CONTENT, [0, 20 * MIB])


def test_it_gives_up_when_nothing_moves_and_says_what_was_wrong(file: LocalFile) -> None:
    server = TusServer(len(CONTENT), *[vanish] * 100)
    with pytest.raises(httpx.WriteError):
        send(server, file, seconds=10)
    assert (server.heads, server.content) == (6, b"")


def test_a_refusal_for_good_is_told_at_once(file: LocalFile) -> None:
    server = TusServer(len(CONTENT), lambda _: problem(409, "matter-closed"))
    with pytest.raises(ProblemError, match="matter-closed"):
        send(server, file)
    assert server.heads == 1


def test_an_upload_that_is_no_more_is_told(file: LocalFile) -> None:
    server = TusServer(len(CONTENT))
    server.gone = True
    with pytest.raises(UploadGoneError):
        send(server, file)
    other = TusServer(len(CONTENT) + 1)
    with pytest.raises(UploadGoneError):
        send(other, file)


def rewritten(path: Path) -> None:
    path.write_bytes(CONTENT[::-1])


def cut_short(path: Path) -> None:
    path.write_bytes(CONTENT[:-1])


@pytest.mark.parametrize("change", [rewritten, cut_short])
def test_a_file_that_changes_meanwhile_is_not_mixed(file: LocalFile, change: Callable[[Path], None]) -> None:
    def take_and_change(request: httpx.Request) -> httpx.Response:
        answer = server.take(request)
        change(file.path)
        return answer

    server = TusServer(len(CONTENT))
    server._faults = [take_and_change]
    with pytest.raises(FileChangedError):
        send(server, file)
    assert server.content == CONTENT[: 8 * MIB]


def test_an_address_elsewhere_is_not_believed() -> None:
    for location in ("", "https://elsewhere.test/v1/tus/x", "//elsewhere.test", "/v1/tus/../me"):
        with pytest.raises(RedwellClientError):
            Begun(location, "an-upload")
    assert "capability" not in repr(BEGUN)


def test_what_is_begun_is_declared() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(201, headers={"location": BEGUN.location, "redwell-upload": "an-upload"})

    with httpx.Client(transport=httpx.MockTransport(answer), base_url="https://redwell.test") as http:
        told = {"filename": "Ω.bin", "folder": ""}
        assert begin(http, "/v1/matters/m/tus", 7, told, {"Authorization": "Bearer t"}) == BEGUN
    headers = asked[0].headers
    assert (headers["upload-length"], headers["upload-metadata"]) == ("7", "filename zqkuYmlu")
    assert headers["authorization"] == "Bearer t"
