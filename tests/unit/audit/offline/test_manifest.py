import json

import pytest

from services.audit.offline import canonical
from services.audit.offline.errors import FormatError
from services.audit.offline.manifest import Manifest, parse_manifest
from tests.factories.log import MATTER_A, files_of, sample_log

RAW = files_of(sample_log().bundle({"matter": MATTER_A}))["manifest.json"]


def test_a_manifest_reads_back() -> None:
    assert parse_manifest(RAW).to_bytes() == RAW


@pytest.mark.parametrize(
    "change",
    [
        {"format": "redwell-bundle/v2"},
        {"extra": 1},
        {"origin": "a b"},
        {"origin": None},
        {"tenant": "x"},
        {"size": -1},
        {"size": True},
        {"size": None},
        {"generated_at": "yesterday"},
        {"filter": None},
        {"filter": {"client": "x"}},
        {"filter": {"type": 1}},
        {"filter": {"type": ""}},
        {"filter": {"type": "\x1b[2J"}},
        {"filter": {"matter": "x"}},
        {"files": {}},
        {"files": []},
        {"files": {**json.loads(RAW)["files"], "extra": "0" * 64}},
        {"files": {**json.loads(RAW)["files"], "checkpoint": "0"}},
    ],
)
def test_a_manifest_out_of_form_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(FormatError):
        parse_manifest(canonical.encode({**json.loads(RAW), **change}))


def test_a_manifest_out_of_form_cannot_be_made() -> None:
    with pytest.raises(FormatError):
        Manifest("log", "x", 0, "2026-05-01T12:00:00.000000Z")
