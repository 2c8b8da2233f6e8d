"""Sealed objects that somebody altered on the disk, or rows that point elsewhere: never a wrong byte out."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from clients.python.redwell_client import IntegrityError, ProblemError
from tests.harness.calls import OPERATIONS
from tests.harness.ledger import check_headers, check_ledger
from tests.harness.people import World
from tests.harness.rows import change_of, events, rows, segments
from tests.harness.stage import MIB, SHAPES, authorization, content_of, objects_on_disk, staged

SIZE = 17 * MIB
Fault = Callable[[Path, Path], None]


@dataclass(frozen=True)
class Stored:
    """Two documents of equal lengths and one small one, each in segments on the disk."""

    world: World
    content: bytes
    document: str
    other: str
    small: str

    def object(self, document: str, ordinal: int) -> Path:
        key = segments(self.world.instance, document)[ordinal]["object_key"]
        return objects_on_disk(self.world.instance)[key]


@pytest.fixture(scope="module", params=SHAPES)
def stored(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stored]:
    with staged(request.param) as world:
        folder = tmp_path_factory.mktemp("stored")
        content = content_of("one", SIZE)
        yield Stored(
            world,
            content,
            world.put(folder, "one.bin", content)["id"],
            world.put(folder, "two.bin", content_of("two", SIZE))["id"],
            world.put(folder, "small.txt", b"small")["id"],
        )


def flip_first_bit(path: Path, _other: Path) -> None:
    flip(path, 0)


def flip_bit_in_the_middle(path: Path, _other: Path) -> None:
    flip(path, path.stat().st_size // 2)


def flip_last_bit(path: Path, _other: Path) -> None:
    flip(path, path.stat().st_size - 1)


def flip(path: Path, place: int) -> None:
    with path.open("r+b") as opened:
        opened.seek(place)
        byte = opened.read(1)[0]
        opened.seek(place)
        opened.write(bytes([byte ^ 0x10]))


def swap(path: Path, other: Path) -> None:
    shutil.copyfile(other, path)


def truncate_by_a_byte(path: Path, _other: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def truncate_by_a_chunk(path: Path, _other: Path) -> None:
    os.truncate(path, path.stat().st_size - 16 * 1024 - 16)


def empty(path: Path, _other: Path) -> None:
    os.truncate(path, 0)


def extend(path: Path, _other: Path) -> None:
    with path.open("ab") as opened:
        opened.write(b"\0")


def delete(path: Path, _other: Path) -> None:
    path.unlink()


def link_away(path: Path, other: Path) -> None:
    path.unlink()
    path.symlink_to(other)


def make_a_folder(path: Path, _other: Path) -> None:
    path.unlink()
    path.mkdir()


CASES: list[tuple[Fault, int]] = [
    (flip_first_bit, 0),
    (flip_bit_in_the_middle, 1),
    (flip_last_bit, 2),
    (swap, 0),
    (swap, 2),
    (truncate_by_a_byte, 2),
    (truncate_by_a_chunk, 0),
    (empty, 1),
    (extend, 0),
    (delete, 0),
    (delete, 1),
]


@pytest.mark.parametrize(("fault", "ordinal"), CASES)
def test_a_damaged_object_is_never_served(stored: Stored, tmp_path: Path, fault: Fault, ordinal: int) -> None:
    path, saved = stored.object(stored.document, ordinal), tmp_path / "saved"
    shutil.copyfile(path, saved)
    try:
        fault(path, stored.object(stored.other, ordinal))
        expect_failure(stored, ordinal)
        expect_the_rest_is_served(stored, tmp_path)
    finally:
        shutil.copyfile(saved, path)
    # Put back as it was, for instance from a backup, it is served again.
    stored.world["attorney"].client.fetch(stored.document, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == stored.content


@pytest.mark.parametrize("fault", [link_away, make_a_folder])
def test_what_is_no_object_at_all_is_never_served(stored: Stored, tmp_path: Path, fault: Fault) -> None:
    path, aside = stored.object(stored.document, 0), tmp_path / "aside"
    shutil.copyfile(path, aside)
    try:
        fault(path, stored.object(stored.other, 0))
        expect_failure(stored, 0)
        expect_the_rest_is_served(stored, tmp_path)
    finally:
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
        shutil.copyfile(aside, path)


def test_segments_of_one_document_do_not_stand_for_one_another(stored: Stored, tmp_path: Path) -> None:
    first, second = (stored.object(stored.document, ordinal) for ordinal in (0, 1))
    assert first.stat().st_size == second.stat().st_size
    shutil.copyfile(first, tmp_path / "first")
    try:
        shutil.copyfile(second, first)
        expect_failure(stored, 0)
    finally:
        shutil.copyfile(tmp_path / "first", first)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE segments SET object_key = $2 WHERE object_key = $1",
        "DELETE FROM segments WHERE object_key = $1 AND $2 <> ''",
        "UPDATE segments SET length_bytes = length_bytes - 1 WHERE object_key = $1 AND $2 <> ''",
        "UPDATE segments SET ordinal = ordinal + 10 WHERE object_key = $1 AND $2 <> ''",
    ],
)
def test_rows_that_lie_open_nothing(stored: Stored, statement: str) -> None:
    instance = stored.world.instance
    own, foreign = segments(instance, stored.document)[0], segments(instance, stored.other)[0]
    aside = foreign["object_key"].replace(foreign["object_key"][:4], "0000", 1)
    columns = ", ".join(own.keys())
    places = ", ".join(f"${number}" for number in range(1, len(own) + 1))
    rows(instance, "UPDATE segments SET object_key = $2 WHERE object_key = $1", foreign["object_key"], aside)
    try:
        rows(instance, statement, own["object_key"], foreign["object_key"])
        expect_failure(stored, 0)
    finally:
        rows(
            instance,
            "DELETE FROM segments WHERE version_id = $1 AND (object_key = ANY ($2))",
            own["version_id"],
            [own["object_key"], foreign["object_key"]],
        )
        rows(instance, f"INSERT INTO segments ({columns}) VALUES ({places})", *own.values())
        rows(
            instance,
            "UPDATE segments SET object_key = $2 WHERE object_key = $1",
            aside,
            foreign["object_key"],
        )


def expect_failure(stored: Stored, ordinal: int) -> None:
    """The fetch fails at this segment; what came before is right, and the log says so."""
    instance = stored.world.instance
    before = len(events(instance, stored.document, "document.integrity"))
    status, headers, body = fetch(stored)
    check_headers(stored.world, [headers["redwell-event"]])
    if ordinal == 0:
        problem = httpx.Response(status, content=body).json()
        assert (status, problem["type"].rsplit("/", 1)[-1]) == (500, "integrity-failure")
        assert headers["content-type"] == "application/problem+json"
    else:
        assert status == 200
        assert int(headers["content-length"]) == SIZE > len(body)
        assert body == stored.content[: len(body)]
        assert len(body) <= ordinal * 8 * MIB
    found = events(instance, stored.document, "document.integrity")
    assert [row["outcome"] for row in found[before:]] == ["failed"]
    told = change_of(events(instance, stored.document, "document.delivered")[-1])
    assert (told["complete"], told["of"]) == (False, SIZE)
    assert told["bytes"] <= ordinal * 8 * MIB


def fetch(stored: Stored) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and all bytes that came, whether or not the answer was complete."""
    path, body = OPERATIONS["documents.fetch"].path.format(document_id=stored.document), b""
    headers = authorization(stored.world["attorney"])
    with stored.world.instance.http() as http, http.stream("GET", path, headers=headers) as answer:
        pieces = []
        try:
            for piece in answer.iter_raw():
                pieces.append(piece)  # noqa: PERF402 -- what came before the error counts
        except httpx.RemoteProtocolError:
            assert answer.status_code == 200
        else:
            assert answer.status_code != 200, "a damaged document came whole"
        body = b"".join(pieces)
        return answer.status_code, dict(answer.headers), body


def expect_the_rest_is_served(stored: Stored, folder: Path) -> None:
    """Neither our client nor other documents are led astray."""
    client = stored.world["attorney"].client
    with pytest.raises((IntegrityError, ProblemError)):
        client.fetch(stored.document, folder / "damaged")
    assert not (folder / "damaged").exists()
    client.fetch(stored.small, folder / "small")
    assert (folder / "small").read_bytes() == b"small"


def test_no_salt_is_ever_used_twice(stored: Stored) -> None:
    salts = [path.read_bytes()[:24] for path in objects_on_disk(stored.world.instance).values()]
    assert len(salts) == len(set(salts)) >= 7


def test_the_log_is_whole_after_all_that(stored: Stored, tmp_path: Path) -> None:
    assert check_ledger(stored.world, tmp_path).events > 0
