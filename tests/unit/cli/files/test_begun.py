"""Uploads that were begun are found by what they are for, and by nothing else."""

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from clients.python.redwell_client import Begun, LocalFile
from services.cli.files.begun import KEPT_SECONDS, Purpose, Unfinished

PURPOSE = Purpose("https://redwell.test", "member", "matter", "pleadings", "A/B", "/home/a/b.bin", None)
BEGUN = Begun("/v1/tus/capability", "an-upload")
FILE = LocalFile(Path("/home/a/b.bin"), 10, 1, "aa" * 32)


@pytest.fixture
def unfinished(tmp_path: Path) -> Unfinished:
    return Unfinished(tmp_path / "redwell" / "uploads.json")


def test_an_upload_is_found_until_it_is_dropped(unfinished: Unfinished) -> None:
    assert unfinished.find(PURPOSE) is None
    unfinished.keep(PURPOSE, BEGUN, FILE)
    found = unfinished.find(PURPOSE)
    assert found is not None
    assert (found.begun, found.is_for(FILE)) == (BEGUN, True)
    unfinished.drop(PURPOSE)
    assert unfinished.find(PURPOSE) is None


@pytest.mark.parametrize(
    "part", ["url", "member_id", "matter_id", "class_id", "folder", "path", "document_id"]
)
def test_it_is_for_one_purpose(unfinished: Unfinished, part: str) -> None:
    unfinished.keep(PURPOSE, BEGUN, FILE)
    assert unfinished.find(replace(PURPOSE, **{part: "another"})) is None


def test_it_is_for_one_content(unfinished: Unfinished) -> None:
    unfinished.keep(PURPOSE, BEGUN, FILE)
    found = unfinished.find(PURPOSE)
    assert found is not None
    assert not found.is_for(replace(FILE, sha256="bb" * 32))
    assert not found.is_for(replace(FILE, length_bytes=11))
    assert found.is_for(replace(FILE, modified_ns=2))


def test_only_oneself_can_read_it_and_it_tells_no_names(unfinished: Unfinished, tmp_path: Path) -> None:
    unfinished.keep(PURPOSE, BEGUN, FILE)
    file = tmp_path / "redwell" / "uploads.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert "b.bin" not in file.read_text()


def test_what_is_old_or_spoilt_is_not_gone_on_with(unfinished: Unfinished, tmp_path: Path) -> None:
    unfinished.keep(PURPOSE, BEGUN, FILE)
    file = tmp_path / "redwell" / "uploads.json"
    kept = json.loads(file.read_text())
    (entry,) = kept["uploads"].values()
    for spoilt in (
        {**entry, "begun_at": time.time() - KEPT_SECONDS - 1},
        {**entry, "location": "https://elsewhere.test/"},
        {},
        None,
    ):
        file.write_text(json.dumps({"uploads": {PURPOSE.key: spoilt}}))
        assert unfinished.find(PURPOSE) is None
    for text in ("", "[]", "nonsense", '{"uploads": []}'):
        file.write_text(text)
        assert unfinished.find(PURPOSE) is None
    unfinished.keep(PURPOSE, BEGUN, FILE)
    assert unfinished.find(PURPOSE) is not None
