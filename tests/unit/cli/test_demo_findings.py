"""A demo that goes wrong says so: refusals that did not happen, leaks on disk, forgeries."""

import io
import json
from pathlib import Path
from uuid import UUID

import pytest
from rich.console import Console

from clients.python.redwell_client import ProblemError
from services.cli.demo import disk, instance
from services.cli.demo.files import CaseFile
from services.cli.demo.proof import alter, blame_another, verify
from services.cli.demo.refusals import NOTHING_HERE, Attempt, Refusals
from services.cli.demo.result import Findings
from services.cli.demo.show import Show, hexdump, readable_size
from services.docs_api.sealing.segments import SEGMENT_BYTES, sealed_length
from tests.factories.log import MATTER_A, sample_log

EVENT = b'{"actor":{"id":"01a2-%s","kind":"member"},"id":"77","type":"document.fetched"}'


def _refusals() -> tuple[Refusals, io.StringIO]:
    printed = io.StringIO()
    return Refusals(Show(Console(file=printed, width=100)), Findings()), printed


def _raising(status: int, slug: str, event: str | None) -> ProblemError:
    return ProblemError(status, {"type": f"https://redwell.dev/errors/{slug}"}, event)


def _attempt(error: ProblemError | None) -> Attempt:
    def call() -> None:
        if error is not None:
            raise error

    return Attempt("Arjun", "asks", NOTHING_HERE, call)


def test_a_right_refusal_is_told_and_its_event_remembered() -> None:
    refusals, printed = _refusals()
    refusals.one(_attempt(_raising(404, "not-found", "77; sha256=00")))
    assert (refusals.logged, refusals.findings.wrong) == (["77"], [])
    assert "Arjun asks: refused, 404" in printed.getvalue()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (None, "Arjun asks, and it worked"),
        (_raising(403, "forbidden", "77; sha256=00"), "the answer was (403, 'forbidden')"),
        (_raising(404, "not-found", None), "the refusal names no event"),
    ],
)
def test_what_is_not_refused_rightly_is_a_finding(error: ProblemError | None, sentence: str) -> None:
    refusals, _ = _refusals()
    refusals.one(_attempt(error))
    (wrong,) = refusals.findings.wrong
    assert sentence in wrong


def test_the_result_is_one_object() -> None:
    assert list(json.loads(Findings().to_json())) == [
        *("uploaded", "fetched", "bytes", "denied", "events", "sealed"),
        *("verified", "tamper_detected", "seconds"),
    ]


@pytest.fixture
def case_file(tmp_path: Path) -> CaseFile:
    path = tmp_path / "a readable name.txt"
    path.write_bytes(b"%PDF " + b"some readable words " * 20)
    return CaseFile(path, "a readable folder", "pleadings", path.stat().st_size)


def _object(folder: Path, key: str, content: bytes) -> Path:
    place = folder / key[0] / key[1] / key
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    return place


def test_only_whole_objects_count(tmp_path: Path, case_file: CaseFile) -> None:
    sealed = _object(tmp_path, "ab" * 16, bytes(sealed_length(case_file.length_bytes)))
    _object(tmp_path, "cd" * 16, b"")
    (sealed.parent / ".incoming-0011").write_bytes(bytes(100))
    assert disk.sealed_objects(tmp_path) == [sealed]
    assert disk.show_piece([case_file], [sealed]) == (case_file, sealed, case_file.path.read_bytes()[:256])


def test_names_and_content_in_the_clear_are_found(tmp_path: Path, case_file: CaseFile) -> None:
    clean = _object(tmp_path, "ab" * 16, bytes(1000))
    named = _object(tmp_path, "cd" * 16, bytes(100) + b"a readable folder" + bytes(100))
    leaked = _object(tmp_path, "ef" * 16, bytes(100) + case_file.path.read_bytes())
    assert disk.search([clean], [case_file]).found_in == ()
    assert disk.search([clean, named, leaked], [case_file]).found_in == (named, leaked)


@pytest.mark.parametrize(
    ("length", "objects"),
    [(0, 1), (1, 1), (SEGMENT_BYTES, 1), (SEGMENT_BYTES + 1, 2), (2 * SEGMENT_BYTES, 2)],
)
def test_a_file_becomes_so_many_objects(length: int, objects: int) -> None:
    assert disk.segments_of(length) == objects


def test_a_forgery_differs_in_one_letter_and_is_refused(tmp_path: Path) -> None:
    bundle, forged, log = tmp_path / "bundle.zip", tmp_path / "forged.zip", sample_log()
    log.event(MATTER_A, type="document.fetched", actor={"id": str(UUID(int=7)), "kind": "member"})
    log.heads()
    bundle.write_bytes(log.bundle())
    genuine, blamed = alter(bundle, forged)
    assert sum(one != two for one, two in zip(genuine, blamed, strict=True)) == 1
    assert verify(bundle, log.pin).returncode == 0
    assert verify(forged, log.pin).returncode == 1


@pytest.mark.parametrize(("digit", "other"), [(b"f", b"0"), (b"0", b"1")])
def test_the_blame_goes_to_another_actor(digit: bytes, other: bytes) -> None:
    assert blame_another(EVENT % digit) == EVENT % other


def test_bytes_are_shown_as_people_read_them() -> None:
    assert hexdump(b"%PDF-1.4\n\xff").plain == f"0000  {'2550 4446 2d31 2e34 0aff':<39}  %PDF-1.4.."
    assert [readable_size(count) for count in (0, 1023, 1024, 5 * 1024**2, 3 * 1024**3)] == [
        *("0 B", "1023 B", "1.0 KiB", "5.0 MiB", "3.0 GiB")
    ]


def test_there_must_be_room_for_the_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(instance, "_places", lambda: [tmp_path])
    monkeypatch.setattr(instance, "_usable", lambda _: True)
    with pytest.raises(instance.InstanceError, match="MiB must be free in"):
        instance.make_folder(1 << 60)
    monkeypatch.setattr(instance, "_usable", lambda _: False)
    with pytest.raises(instance.InstanceError, match="can hold a temporary instance"):
        instance.make_folder(0)
