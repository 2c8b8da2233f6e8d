import contextlib
import io
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.audit.offline.errors import BundleError, FormatError, NotABundleError
from services.audit.offline.leaves import MAX_LEAF_BYTES
from services.audit.offline.manifest import Manifest
from services.audit.offline.packing import BundleWriter
from services.audit.offline.verify import verify_bundle
from tests.factories.log import (
    INSTANT,
    TENANT,
    altered,
    files_of,
    sample_disclosed,
    sample_log,
    zipped,
)

LOG = sample_log()
BUNDLE = LOG.bundle(disclosed=sample_disclosed(LOG))
FILES = files_of(BUNDLE)
END_BYTES = 22


def _verify(path: Path, bundle: bytes) -> None:
    path.write_bytes(bundle)
    verify_bundle(path, LOG.pin)


def _refused(tmp_path: Path, bundle: bytes) -> None:
    with pytest.raises(NotABundleError):
        _verify(tmp_path / "bundle.zip", bundle)


def _with_end(bundle: bytes, at: int, layout: str, value: int) -> bytes:
    end = bytearray(bundle[-END_BYTES:])
    struct.pack_into(layout, end, at, value)
    return bundle[:-END_BYTES] + bytes(end)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_stored_and_deflated_files_are_read_in_any_order(tmp_path: Path, compression: int) -> None:
    _verify(tmp_path / "bundle.zip", zipped(dict(reversed(FILES.items())), compression))


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_refused(tmp_path: Path, compression: int) -> None:
    _refused(tmp_path, zipped(FILES, compression))


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_missing_file_is_refused(tmp_path: Path, name: str) -> None:
    rest = {key: content for key, content in FILES.items() if key != name}
    _refused(tmp_path, zipped(rest))
    _refused(tmp_path, zipped({**rest, "../" + name: FILES[name]}))


def test_a_file_too_many_is_refused(tmp_path: Path) -> None:
    _refused(tmp_path, zipped({**FILES, "extra": b""}))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice_is_refused(tmp_path: Path) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in FILES.items():
            archive.writestr("checkpoint" if name == "README.txt" else name, content)
    _refused(tmp_path, target.getvalue())


@pytest.mark.parametrize(
    "bundle",
    [
        b"",
        b"PK",
        b"not a zip at all, but long enough to have a tail of forty-two bytes",
        BUNDLE[:-1],
        BUNDLE + b"\x00",
        b"\x00" + BUNDLE,
        _with_end(BUNDLE, 20, "<H", 1),
        _with_end(BUNDLE, 8, "<H", 8),
        _with_end(BUNDLE, 10, "<H", 8),
        _with_end(BUNDLE, 12, "<L", 1),
        _with_end(BUNDLE, 16, "<L", 1),
        _with_end(BUNDLE, 4, "<H", 1),
        BUNDLE[: -END_BYTES - 20] + b"PK\x06\x07" + bytes(16) + BUNDLE[-END_BYTES:],
    ],
)
def test_what_is_not_exactly_a_plain_zip_is_refused(tmp_path: Path, bundle: bytes) -> None:
    _refused(tmp_path, bundle)


def test_an_encrypted_file_is_refused(tmp_path: Path) -> None:
    at = BUNDLE.index(b"PK\x01\x02")
    _refused(tmp_path, BUNDLE[: at + 8] + b"\x01\x00" + BUNDLE[at + 10 :])


def test_a_directory_or_absent_path_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(NotABundleError):
            verify_bundle(path, LOG.pin)


@pytest.mark.parametrize("name", ["manifest.json", "checkpoint", "log-key", "README.txt"])
def test_an_oversize_file_is_refused(tmp_path: Path, name: str) -> None:
    _refused(tmp_path, zipped({**FILES, name: bytes(300_000)}))


@pytest.mark.parametrize("name", ["leaves.ndjson", "events.ndjson", "disclosed.ndjson"])
@pytest.mark.parametrize("content", [b"x" * 2_000_000, b"x" * 2_000_000 + b"\n", b"{}"])
def test_a_line_too_long_or_cut_off_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    _refused(tmp_path, altered(BUNDLE, {name: content}))


def test_a_file_that_claims_to_be_huge_is_refused(tmp_path: Path) -> None:
    at = BUNDLE.rindex(b"PK\x01\x02")  # manifest.json is the last
    _refused(tmp_path, BUNDLE[: at + 24] + struct.pack("<L", 65_537) + BUNDLE[at + 28 :])


@pytest.mark.parametrize("content", [b"", b"{}", FILES["manifest.json"] + b"\n"])
def test_a_manifest_out_of_form_is_refused(tmp_path: Path, content: bytes) -> None:
    _refused(tmp_path, altered(BUNDLE, {"manifest.json": content}))


def test_a_bomb_is_refused_at_its_first_line(tmp_path: Path) -> None:
    bomb = altered(BUNDLE, {"leaves.ndjson": b"[" * 50_000_000})
    assert len(bomb) < 200_000
    _refused(tmp_path, bomb)


def test_the_longest_line_is_read(tmp_path: Path) -> None:
    with pytest.raises(BundleError) as caught:
        _verify(tmp_path / "bundle.zip", altered(BUNDLE, {"leaves.ndjson": b"x" * MAX_LEAF_BYTES + b"\n"}))
    assert not isinstance(caught.value, NotABundleError)


def test_damaged_content_is_refused(tmp_path: Path) -> None:
    stored = zipped(FILES, zipfile.ZIP_STORED)
    at = stored.index(b"This is evidence")
    _refused(tmp_path, stored[:at] + b"t" + stored[at + 1 :])


def test_a_bundle_without_a_stream_cannot_be_written() -> None:
    writer = BundleWriter(io.BytesIO())
    with pytest.raises(FormatError):
        writer.finish(Manifest(LOG.origin, TENANT, 0, INSTANT.format(0)), LOG.checkpoint(), LOG.key)


MEANINGFUL = {name: content for name, content in FILES.items() if name != "manifest.json"}


class TestMutation:
    """Bundles altered at random are refused, and only ever with a `BundleError`."""

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.data())
    def test_no_altered_file_verifies(self, tmp_path: Path, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(MEANINGFUL)))
        at = data.draw(st.integers(0, len(FILES[name])))
        removed = data.draw(st.integers(0, 3))
        piece = data.draw(st.binary(max_size=4))
        content = FILES[name][:at] + piece + FILES[name][at + removed :]
        if content == FILES[name]:
            return
        with pytest.raises(BundleError):
            _verify(tmp_path / "bundle.zip", altered(BUNDLE, {name: content}, honest_manifest=False))

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.data())
    def test_no_altered_evidence_verifies_even_with_a_matching_manifest(
        self, tmp_path: Path, data: st.DataObject
    ) -> None:
        name = data.draw(st.sampled_from(["checkpoint", "leaves.ndjson", "events.ndjson"]))
        at = data.draw(st.integers(0, len(FILES[name]) - 1))
        mask = data.draw(st.integers(1, 255))
        content = FILES[name][:at] + bytes([FILES[name][at] ^ mask]) + FILES[name][at + 1 :]
        with pytest.raises(BundleError):
            _verify(tmp_path / "bundle.zip", altered(BUNDLE, {name: content}))

    @settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.data())
    def test_an_altered_container_is_refused_or_says_the_same(
        self, tmp_path: Path, data: st.DataObject
    ) -> None:
        bundle = bytearray(BUNDLE)
        for _ in range(data.draw(st.integers(1, 4))):
            bundle[data.draw(st.integers(0, len(bundle) - 1))] = data.draw(st.integers(0, 255))
        path = tmp_path / "bundle.zip"
        path.write_bytes(BUNDLE)
        honest = verify_bundle(path, LOG.pin)
        path.write_bytes(bundle)
        with contextlib.suppress(BundleError):
            # dates and attributes in the zip's directory carry no evidence
            assert verify_bundle(path, LOG.pin) == honest

    @settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.binary(max_size=400))
    def test_any_bytes_are_refused(self, tmp_path: Path, raw: bytes) -> None:
        with pytest.raises(BundleError):
            _verify(tmp_path / "bundle.zip", raw)
