import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.audit.offline import canonical
from services.audit.offline.errors import (
    AlteredFileError,
    BundleError,
    CheckpointRefusedError,
    EventRefusedError,
    IncompleteError,
    LeafRefusedError,
    MatterGapError,
    PinError,
    RootMismatchError,
    WrongLogError,
)
from services.audit.offline.leaves import EventLeaf, HeadsLeaf, build_event_leaf, build_heads_leaf
from services.audit.offline.report import Report, Scope
from services.audit.offline.verify import verify_bundle
from tests.factories.log import (
    INSTANT,
    MATTER_A,
    MATTER_B,
    ORIGIN,
    Log,
    altered,
    files_of,
    sample_disclosed,
    sample_log,
)

Verify = Callable[[bytes], Report]
LOG = sample_log()
DISCLOSED = sample_disclosed(LOG)
BUNDLE = LOG.bundle(disclosed=DISCLOSED)


def _in_matter_a(raw: bytes) -> bool:
    return MATTER_A.encode() in raw


@pytest.fixture
def verify(tmp_path: Path) -> Verify:
    def run(bundle: bytes) -> Report:
        path = tmp_path / "bundle.zip"
        path.write_bytes(bundle)
        return verify_bundle(path, LOG.pin, origin=ORIGIN)

    return run


def _refused(verify: Verify, bundle: bytes, error: type[BundleError]) -> None:
    with pytest.raises(error) as caught:
        verify(bundle)
    assert type(caught.value) is error


def _lines(*lines: bytes) -> bytes:
    return b"".join(line + b"\n" for line in lines)


class TestVerified:
    def test_a_whole_log_is_complete(self, verify: Verify) -> None:
        report = verify(BUNDLE)
        assert report.pinned
        assert (report.scope, report.events, report.matters) == (Scope.EVERYTHING, 7, 2)
        assert report.outcomes == {"allowed": 6, "denied": 1}
        assert (report.first_at, report.last_at) == (INSTANT.format(0), INSTANT.format(6))
        assert (report.disclosed, report.erased, report.withheld) == (1, 1, 0)
        assert report.checkpoint.size == len(LOG.leaves)

    def test_a_matter_is_complete(self, verify: Verify) -> None:
        report = verify(LOG.bundle({"matter": MATTER_A}, keep=_in_matter_a))
        assert (report.scope, report.events, report.withheld) == (Scope.MATTER, 3, 2)

    @pytest.mark.parametrize("filters", [{"outcome": "denied"}, {"matter": MATTER_A, "outcome": "allowed"}])
    def test_a_selection_proves_inclusion_only(self, verify: Verify, filters: dict[str, str]) -> None:
        report = verify(LOG.bundle(filters, keep=lambda _: False))
        assert (report.scope, report.events, report.first_at) == (Scope.SELECTION, 0, None)

    def test_an_empty_log_verifies(self, verify: Verify) -> None:
        assert verify(Log().bundle()).checkpoint.size == 0

    def test_a_batch_of_more_than_100_matters_names_its_heads_in_several_leaves(self, verify: Verify) -> None:
        log = Log()
        for number in range(250):
            log.event(str(UUID(int=number)))
        log.heads()
        assert len(log.leaves) == 253
        assert verify(log.bundle()).matters == 250

    def test_without_a_pin_it_is_not_pinned(self, tmp_path: Path) -> None:
        path = tmp_path / "bundle.zip"
        path.write_bytes(BUNDLE)
        assert not verify_bundle(path, None).pinned

    def test_the_same_content_is_packed_into_the_same_bytes(self) -> None:
        assert sample_log().bundle(disclosed=DISCLOSED) == BUNDLE


class TestLog:
    def test_another_key_is_refused(self, verify: Verify) -> None:
        forger = Ed25519PrivateKey.from_private_bytes(b"\x09" * 32)
        forged = sample_log()
        forged.private_key = forger
        _refused(verify, forged.bundle(), WrongLogError)

    def test_another_log_of_the_same_key_is_refused(self, verify: Verify) -> None:
        other = Log(origin=ORIGIN + "x")
        other.event()
        _refused(verify, other.bundle(), WrongLogError)

    def test_a_manifest_of_another_log_is_refused(self, verify: Verify) -> None:
        manifest = {**json.loads(files_of(BUNDLE)["manifest.json"]), "origin": ORIGIN + "x"}
        _refused(verify, altered(BUNDLE, {"manifest.json": canonical.encode(manifest)}), WrongLogError)

    @pytest.mark.parametrize(
        "content",
        [b"", b"\xff", b"name+00000000+AAAA\n", b"x" * 1000, f"{LOG.key}".encode(), f"{LOG.key}x".encode()],
    )
    def test_what_is_not_a_key_is_refused(self, verify: Verify, content: bytes) -> None:
        _refused(verify, altered(BUNDLE, {"log-key": content}), WrongLogError)

    def test_a_pin_that_is_no_fingerprint_is_the_callers_error(self, tmp_path: Path) -> None:
        with pytest.raises(PinError):
            verify_bundle(tmp_path / "absent", "SHA256:x")


class TestCheckpoint:
    @pytest.mark.parametrize("content", [b"", b"text\n", LOG.checkpoint()[:-1]])
    def test_what_is_not_a_checkpoint_is_refused(self, verify: Verify, content: bytes) -> None:
        _refused(verify, altered(BUNDLE, {"checkpoint": content}), CheckpointRefusedError)

    def test_an_unsigned_size_is_refused(self, verify: Verify) -> None:
        raised = LOG.checkpoint().replace(b"\n9\n", b"\n10\n")
        _refused(verify, altered(BUNDLE, {"checkpoint": raised}), CheckpointRefusedError)

    def test_a_checkpoint_of_another_size_is_refused(self, verify: Verify) -> None:
        grown = sample_log()
        grown.event()
        _refused(verify, altered(BUNDLE, {"checkpoint": grown.checkpoint()}), CheckpointRefusedError)


class TestEarlierCheckpoints:
    def _verify(self, tmp_path: Path, *earlier: bytes) -> Report:
        path = tmp_path / "bundle.zip"
        path.write_bytes(BUNDLE)
        return verify_bundle(path, LOG.pin, earlier=earlier)

    def _prefix(self, size: int) -> Log:
        return Log(leaves=LOG.leaves[:size])

    def test_every_prefix_is_extended(self, tmp_path: Path) -> None:
        kept = [self._prefix(size).checkpoint() for size in range(len(LOG.leaves) + 1)]
        assert self._verify(tmp_path, *reversed(kept), kept[3]).earlier == len(kept) + 1

    def test_a_rewritten_log_is_refused(self, tmp_path: Path) -> None:
        other = Log()
        other.event(type="another.history")
        with pytest.raises(RootMismatchError):
            self._verify(tmp_path, other.checkpoint())

    def test_a_log_that_shrank_is_refused(self, tmp_path: Path) -> None:
        grown = sample_log()
        grown.event()
        with pytest.raises(RootMismatchError):
            self._verify(tmp_path, grown.checkpoint())

    @pytest.mark.parametrize("raw", [b"", b"text", Log(origin="other.log").checkpoint()])
    def test_what_is_no_checkpoint_of_the_log_is_refused(self, tmp_path: Path, raw: bytes) -> None:
        with pytest.raises(RootMismatchError):
            self._verify(tmp_path, raw)


class TestLeaves:
    def test_a_missing_last_leaf_is_refused(self, verify: Verify) -> None:
        bundle = altered(BUNDLE, {"leaves.ndjson": _lines(*LOG.leaves[:-1])})
        _refused(verify, bundle, LeafRefusedError)

    def test_a_leaf_too_many_is_refused(self, verify: Verify) -> None:
        grown = sample_log()
        grown.event()
        _refused(verify, altered(BUNDLE, {"leaves.ndjson": _lines(*grown.leaves)}), LeafRefusedError)

    def test_swapped_leaves_are_refused(self, verify: Verify) -> None:
        swapped = [LOG.leaves[1], LOG.leaves[0], *LOG.leaves[2:]]
        _refused(verify, altered(BUNDLE, {"leaves.ndjson": _lines(*swapped)}), LeafRefusedError)

    def test_a_leaf_with_a_duplicate_member_is_refused(self, verify: Verify) -> None:
        doubled = LOG.leaves[0].replace(b'"v":1', b'"v":1,"v":1')
        bundle = altered(BUNDLE, {"leaves.ndjson": _lines(doubled, *LOG.leaves[1:])})
        _refused(verify, bundle, LeafRefusedError)

    def test_a_leaf_of_another_log_is_refused(self, verify: Verify) -> None:
        foreign = sample_log()
        foreign.leaves[0] = build_event_leaf(EventLeaf("other", 0, "0" * 64, None, None))
        _refused(verify, foreign.bundle(), LeafRefusedError)

    def test_an_altered_leaf_is_refused(self, verify: Verify) -> None:
        leaf = build_event_leaf(EventLeaf(ORIGIN, 0, hashlib.sha256(b"x").hexdigest(), None, None))
        bundle = LOG.bundle({"outcome": "denied"}, keep=lambda _: False)
        _refused(verify, altered(bundle, {"leaves.ndjson": _lines(leaf, *LOG.leaves[1:])}), RootMismatchError)


class TestMattersMisnumberedByTheSigner:
    def test_a_gap_is_refused(self, verify: Verify) -> None:
        log = Log()
        log.sequences[MATTER_A] = 1
        log.event(MATTER_A)
        log.heads()
        _refused(verify, log.bundle(), MatterGapError)

    def test_a_repeated_number_is_refused(self, verify: Verify) -> None:
        log = Log()
        log.event(MATTER_A)
        log.sequences[MATTER_A] = 0
        log.event(MATTER_A)
        log.heads()
        _refused(verify, log.bundle(), MatterGapError)

    def test_a_matter_whose_head_is_not_named_is_refused(self, verify: Verify) -> None:
        log = Log()
        log.event(MATTER_A)
        _refused(verify, log.bundle(), MatterGapError)

    def test_an_event_before_every_head_is_named_is_refused(self, verify: Verify) -> None:
        log = Log()
        log.event(MATTER_A)
        log.event(MATTER_B)
        log.leaves.append(build_heads_leaf(HeadsLeaf(ORIGIN, 2, {MATTER_A: 1})))
        log.touched = {MATTER_B: 1}
        log.event()
        log.heads()
        _refused(verify, log.bundle(), MatterGapError)

    @pytest.mark.parametrize("heads", [{MATTER_A: 2}, {MATTER_B: 1}, {MATTER_A: 1, MATTER_B: 1}])
    def test_a_false_head_is_refused(self, verify: Verify, heads: dict[str, int]) -> None:
        log = Log()
        log.event(MATTER_A)
        log.leaves.append(build_heads_leaf(HeadsLeaf(ORIGIN, 1, heads)))
        _refused(verify, log.bundle(), MatterGapError)


class TestEvents:
    def test_every_missing_event_of_a_whole_log_is_refused(self, verify: Verify) -> None:
        for missing in LOG.events:
            _refused(verify, LOG.bundle(keep=missing.__ne__), IncompleteError)

    def test_every_missing_event_of_a_matter_is_refused(self, verify: Verify) -> None:
        for missing in filter(_in_matter_a, LOG.events):
            bundle = LOG.bundle(
                {"matter": MATTER_A}, keep=({*filter(_in_matter_a, LOG.events)} - {missing}).__contains__
            )
            _refused(verify, bundle, IncompleteError)

    def test_an_altered_event_is_refused(self, verify: Verify) -> None:
        changed = [LOG.events[0], LOG.events[1].replace(b"allowed", b"denied")]
        whole = altered(BUNDLE, {"events.ndjson": _lines(*changed, *LOG.events[2:])})
        _refused(verify, whole, IncompleteError)
        selection = LOG.bundle({"outcome": "allowed"}, keep=lambda _: False)
        _refused(verify, altered(selection, {"events.ndjson": _lines(changed[1])}), EventRefusedError)

    @pytest.mark.parametrize("order", [(1, 0), (0, 0)])
    def test_events_out_of_order_or_twice_are_refused(self, verify: Verify, order: tuple[int, int]) -> None:
        selection = LOG.bundle({"outcome": "allowed"}, keep=lambda _: False)
        events = _lines(*(LOG.events[at] for at in order))
        _refused(verify, altered(selection, {"events.ndjson": events}), EventRefusedError)

    def test_an_event_of_another_organization_is_refused(self, verify: Verify) -> None:
        _refused(verify, LOG.bundle(tenant=str(UUID(int=0xF))), EventRefusedError)

    def test_an_event_of_another_matter_than_asked_is_refused(self, verify: Verify) -> None:
        _refused(verify, LOG.bundle({"matter": MATTER_B}), EventRefusedError)

    @pytest.mark.parametrize("matter", [None, MATTER_B])
    def test_an_event_of_another_matter_than_its_leaf_is_refused(
        self, verify: Verify, matter: str | None
    ) -> None:
        log = Log()
        log.event(MATTER_A, object={"matter": matter} if matter else {})
        log.heads()
        _refused(verify, log.bundle(), EventRefusedError)

    def test_an_event_out_of_form_is_refused(self, verify: Verify) -> None:
        log = Log()
        log.event(outcome="fine")
        _refused(verify, log.bundle(), EventRefusedError)


@pytest.mark.parametrize("name", ["README.txt", "disclosed.ndjson"])
def test_a_file_the_manifest_does_not_name_is_refused(verify: Verify, name: str) -> None:
    bundle = altered(LOG.bundle(disclosed=DISCLOSED[:1]), {name: b""}, honest_manifest=False)
    _refused(verify, bundle, AlteredFileError)
