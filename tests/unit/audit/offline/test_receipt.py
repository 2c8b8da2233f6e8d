import hashlib
import json
from pathlib import Path
from typing import Any

import pymerkle
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.audit.offline import canonical, merkle
from services.audit.offline.__main__ import main
from services.audit.offline.errors import PinError, ReceiptError
from services.audit.offline.receipt import ProvenEvent, build_receipt, verify_receipt
from tests.factories.log import MATTER_A, ORIGIN, TENANT, Log

REQUEST = {"id": "00000000-0000-0000-0000-0000000000aa", "operation": "documents.fetch", "method": "GET"}
DIGEST = "ab" * 32


def _log() -> Log:
    log = Log()
    for _ in range(5):
        log.event()
    content = {"sha256": DIGEST, "len": 12}
    actor = {"id": "somebody", "org": TENANT}
    log.event(MATTER_A, type="document.fetched", req=REQUEST, content=content, actor=actor)
    log.event(MATTER_A)
    ended = {"bytes": 7, "of": 12, "complete": False}
    log.event(
        MATTER_A, type="document.delivered", outcome="info", reason="client-gone", req=REQUEST, change=ended
    )
    log.heads()
    return log


LOG = _log()
FETCHED, DELIVERED = 5, 7


def _proven(*places: int) -> list[ProvenEvent]:
    hashes = [merkle.leaf_hash(leaf) for leaf in LOG.leaves]
    return [
        ProvenEvent(LOG.events[at], LOG.leaves[at], tuple(merkle.inclusion_proof(hashes, at)))
        for at in places
    ]


def _receipt(*places: int) -> bytes:
    return build_receipt(LOG.key, LOG.checkpoint(), _proven(*places))


RECEIPT = _receipt(FETCHED, DELIVERED)
ONE = _receipt(0)


def _altered(**changes: object) -> bytes:
    return canonical.encode(json.loads(RECEIPT) | changes)


def _altered_event(**changes: object) -> bytes:
    first, second = json.loads(RECEIPT)["events"]
    return _altered(events=[first | changes, second])


def _refused(raw: bytes, step: int, **words: Any) -> None:
    with pytest.raises(ReceiptError) as caught:
        verify_receipt(raw, LOG.pin, **words)
    assert caught.value.step == step


def test_what_a_receipt_proves() -> None:
    report = verify_receipt(RECEIPT, LOG.pin, origin=ORIGIN)
    assert (report.pinned, report.fingerprint, report.tenant) == (True, LOG.pin, TENANT)
    assert report.places == (FETCHED, DELIVERED)
    assert report.events[0]["content"] == {"sha256": DIGEST, "len": 12}
    assert report.checkpoint.size == len(LOG.leaves)
    assert verify_receipt(RECEIPT + b"\n", None).pinned is False


def test_another_implementation_finds_the_same_proof() -> None:
    """What a receipt holds, put into pymerkle, gives the root that the checkpoint signs."""
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for leaf in LOG.leaves:
        tree.append_entry(leaf)
    report = verify_receipt(RECEIPT, LOG.pin)
    assert tree.get_root() == report.checkpoint.root
    for given_event, place in zip(json.loads(RECEIPT)["events"], report.places, strict=True):
        theirs = tree.prove_inclusion(place + 1)
        pymerkle.verify_inclusion(tree.get_leaf(place + 1), report.checkpoint.root, theirs)
        ours = {canonical.decode_base64(node) for node in given_event["proof"]}
        assert ours == set(theirs.path) - {merkle.leaf_hash(LOG.leaves[place])}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"PK\x03\x04",
        RECEIPT + b"\n\n",
        b" " + RECEIPT,
        _altered(format="redwell-receipt/v2"),
        _altered(more=1),
        _altered(events=[]),
        _altered(events={}),
        _altered(events=[1]),
        _altered(events=json.loads(RECEIPT)["events"] * 9),
        _altered(log_key=1),
        _altered(checkpoint=None),
        _altered_event(event=1),
        _altered_event(proof="x"),
        _altered_event(proof=["x"]),
        _altered_event(proof=[1]),
        _altered_event(more="x"),
        _altered(checkpoint="x" * 1024 * 1024),
    ],
)
def test_what_is_no_receipt(raw: bytes) -> None:
    _refused(raw, 1)


def test_the_key_must_be_the_pinned_one_and_the_log_the_named_one() -> None:
    other = Log(private_key=Ed25519PrivateKey.from_private_bytes(b"\x08" * 32))
    _refused(_altered(log_key=str(other.key)), 2)
    _refused(_altered(log_key="x"), 2)
    _refused(RECEIPT, 2, origin="elsewhere.example/main/log/1")
    with pytest.raises(PinError):
        verify_receipt(RECEIPT, "SHA256:x")


def test_the_checkpoint_must_be_signed_by_the_key() -> None:
    forged = LOG.checkpoint().replace(b"\n9\n", b"\n8\n")
    _refused(_altered(checkpoint=forged.decode()), 3)
    _refused(_altered(checkpoint="x"), 3)


def test_the_leaf_must_be_in_the_tree() -> None:
    first, second = json.loads(RECEIPT)["events"]
    _refused(_altered(events=[second, first]), 4)
    _refused(_altered(events=[first, first]), 4)
    _refused(_altered_event(proof=first["proof"][:-1]), 4)
    _refused(_altered_event(leaf=first["leaf"].replace(f'"idx":{FETCHED}', '"idx":4')), 4)
    _refused(_altered_event(leaf=LOG.leaves[-1].decode()), 4)


def test_the_event_must_be_the_leafs() -> None:
    first, _ = json.loads(RECEIPT)["events"]
    _refused(_altered_event(event=first["event"].replace('"len":12', '"len":13')), 5)


@pytest.mark.parametrize(
    ("event", "sentence"),
    [(b"{}", "not in form"), (LOG.events[FETCHED].replace(MATTER_A.encode(), b"x"), "form")],
)
def test_an_event_of_the_log_must_be_in_form(event: bytes, sentence: str) -> None:
    log = _log()
    digest = hashlib.sha256(event).hexdigest().encode()
    old = hashlib.sha256(log.events[FETCHED]).hexdigest().encode()
    log.leaves[FETCHED] = log.leaves[FETCHED].replace(old, digest)
    hashes = [merkle.leaf_hash(leaf) for leaf in log.leaves]
    proof = tuple(merkle.inclusion_proof(hashes, FETCHED))
    with pytest.raises(ReceiptError, match=sentence) as caught:
        build_receipt(log.key, log.checkpoint(), [ProvenEvent(event, log.leaves[FETCHED], proof)])
    assert caught.value.step == 5


def test_events_of_several_requests_make_no_receipt() -> None:
    with pytest.raises(ReceiptError) as caught:
        _receipt(FETCHED, FETCHED + 1)
    assert caught.value.step == 6


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is slow
@given(st.data())
def test_no_altered_receipt_verifies(data: st.DataObject) -> None:
    receipt = data.draw(st.sampled_from([RECEIPT, ONE]))
    start = data.draw(st.integers(0, len(receipt) - 1))
    stop = data.draw(st.integers(start, min(len(receipt), start + 40)))
    put = data.draw(st.binary(max_size=40) | st.sampled_from([receipt[start:stop] * 2, receipt[:40]]))
    altered = receipt[:start] + put + receipt[stop:]
    if altered.removesuffix(b"\n") == receipt:
        return
    with pytest.raises(ReceiptError):
        verify_receipt(altered, LOG.pin)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is slow
@given(st.sampled_from(["checkpoint", "events", "format", "log_key", "event", "leaf", "proof"]), _JSON)
def test_no_field_of_another_form_crashes(name: str, value: object) -> None:
    changed = _altered_event if name in ("event", "leaf", "proof") else _altered
    with pytest.raises(ReceiptError):
        verify_receipt(changed(**{name: value}), LOG.pin)


class TestCommand:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        path = tmp_path / "receipt.json"
        path.write_bytes(RECEIPT + b"\n")
        return path

    def test_it_tells_who_what_how_many_bytes_and_when(
        self, file: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main([str(file), "--pin", LOG.pin, "--origin", ORIGIN]) == 0
        told = capsys.readouterr().out
        assert told.isascii()
        assert told.startswith("VERIFIED\n")
        facts = (
            "somebody",
            DIGEST,
            "Bytes            12",
            "7 of 12 bytes, NOT complete",
            "client-gone",
            MATTER_A,
        )
        for fact in facts:
            assert fact in told

    def test_unpinned(self, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main([str(file)]) == 3
        told = capsys.readouterr().out
        assert told.startswith("UNPINNED\n")
        assert "proves nothing yet" in told

    def test_refused(self, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
        file.write_bytes(RECEIPT.replace(b"12", b"13"))
        assert main([str(file), "--pin", LOG.pin]) == 1
        told = capsys.readouterr().out
        assert told.startswith("REFUSED (step ")
        assert told.endswith("Nothing in this receipt may be relied on.\n")

    def test_checkpoints_do_not_go_with_a_receipt(self, file: Path) -> None:
        with pytest.raises(SystemExit) as caught:
            main([str(file), "--pin", LOG.pin, "--checkpoint", str(file)])
        assert caught.value.code == 2
