"""Receipts: the proof of what one request left in the log, in one text that is verified without the server.

A receipt is canonical JSON of a closed schema (docs/ledger-format.md, "Receipts"), so that no byte of it can
be changed unseen: the exact bytes of each event, its leaf, and the path from there to a signed checkpoint.

 1. The file is a receipt in form, within limits.
 2. The log key has the pinned fingerprint (and is of the expected log).
 3. The checkpoint is signed by that key for that log.
 4. Each leaf is in form, of this log, and behind the one before; its proof leads to the root.
 5. Each event hashes to its leaf, is in form, and is of the leaf's matter.
 6. All events are of one organization and of one request.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from services.audit.offline import canonical, merkle, note
from services.audit.offline.checkpoint import Checkpoint, verify_checkpoint
from services.audit.offline.errors import FormatError, OfflineError, ReceiptError
from services.audit.offline.events import parse_event
from services.audit.offline.leaves import EventLeaf, parse_leaf
from services.audit.offline.note import VerifierKey

FORMAT = "redwell-receipt/v1"
MAX_RECEIPT_BYTES = 1024 * 1024
"""A checkpoint of 256 KiB, 16 events and leaves of 8 KiB, and proofs, each escaped once."""

MAX_EVENTS = 16
_FIELDS = frozenset({"checkpoint", "events", "format", "log_key"})
_PROOF_FIELDS = frozenset({"event", "leaf", "proof"})


@dataclass(frozen=True, slots=True)
class ProvenEvent:
    """An event's exact bytes, its leaf's, and the inclusion proof of that leaf (32 bytes each node)."""

    event: bytes
    leaf: bytes
    proof: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptReport:
    """A receipt that no step refused. Verified only if `pinned`. `events` are the fields of each event."""

    pinned: bool
    fingerprint: str
    checkpoint: Checkpoint
    tenant: str
    events: tuple[Mapping[str, Any], ...]
    places: tuple[int, ...]


def build_receipt(key: VerifierKey, checkpoint: bytes, proven: Iterable[ProvenEvent]) -> bytes:
    """Exact bytes of a receipt, proved before it is given out.

    Args:
        key: the log's.
        checkpoint: the signed note that covers every event.
        proven: in the order of their leaves.

    Raises:
        ReceiptError: it would not verify.
    """
    raw = canonical.encode(
        {
            "format": FORMAT,
            "log_key": str(key),
            "checkpoint": checkpoint.decode(),
            "events": [
                {
                    "event": each.event.decode(),
                    "leaf": each.leaf.decode(),
                    "proof": [base64.b64encode(node).decode() for node in each.proof],
                }
                for each in proven
            ],
        }
    )
    verify_receipt(raw, note.fingerprint(key.public_key), origin=key.name)
    return raw


def verify_receipt(raw: bytes, pin: str | None, *, origin: str | None = None) -> ReceiptReport:
    """Verify a receipt offline.

    Args:
        raw: the receipt's exact bytes; one line end behind them is no part of them.
        pin: fingerprint of the log key (`SHA256:...`) from a source other than the receipt; None: unpinned.
        origin: the log's name, if the caller knows which log it must be.

    Raises:
        ReceiptError: the receipt is refused, and at which step.
        PinError: `pin` is not a fingerprint.
    """
    if pin is not None:
        note.require_pin(pin)
    fields = _fields(raw.removesuffix(b"\n"))
    key = _log_key(fields["log_key"], pin, origin)
    checkpoint = _checkpoint(fields["checkpoint"], key)
    proven = [_proven(each) for each in fields["events"]]
    leaves = [_included(each, checkpoint) for each in proven]
    if any(later.idx <= earlier.idx for earlier, later in pairwise(leaves)):
        raise ReceiptError(4, "The receipt's events are not in the order of the log.")
    events = [_event(each, leaf) for each, leaf in zip(proven, leaves, strict=True)]
    _require_one_request(events)
    return ReceiptReport(
        pinned=pin is not None,
        fingerprint=note.fingerprint(key.public_key),
        checkpoint=checkpoint,
        tenant=events[0]["tenant"],
        events=tuple(events),
        places=tuple(leaf.idx for leaf in leaves),
    )


def _fields(raw: bytes) -> dict[str, Any]:
    """Step 1."""
    try:
        fields: dict[str, Any] = canonical.decode(raw, MAX_RECEIPT_BYTES)
    except FormatError as exc:
        raise ReceiptError(1, f"The file is not a receipt. {exc}") from exc
    if fields.keys() != _FIELDS or fields["format"] != FORMAT:
        raise ReceiptError(1, "The receipt is not of a known format.")
    events = fields["events"]
    texts = isinstance(fields["log_key"], str) and isinstance(fields["checkpoint"], str)
    if not texts or not isinstance(events, list) or not 1 <= len(events) <= MAX_EVENTS:
        raise ReceiptError(1, f"The receipt does not hold a key, a checkpoint and 1 to {MAX_EVENTS} events.")
    return fields


def _proven(value: object) -> ProvenEvent:
    """Step 1, of one event."""
    if not isinstance(value, dict) or value.keys() != _PROOF_FIELDS or not isinstance(value["proof"], list):
        raise ReceiptError(1, "An event of the receipt is not given with leaf and proof.")
    try:
        event, leaf, *path = (_text(each) for each in (value["event"], value["leaf"], *value["proof"]))
        proof = tuple(canonical.decode_base64(node) for node in path)
    except FormatError as exc:
        raise ReceiptError(1, "An event, leaf or proof of the receipt is not in form.") from exc
    return ProvenEvent(event.encode(), leaf.encode(), proof)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise FormatError("It is not a string.")
    return value


def _log_key(text: str, pin: str | None, origin: str | None) -> VerifierKey:
    """Step 2."""
    try:
        key = VerifierKey.parse(text)
    except FormatError as exc:
        raise ReceiptError(2, "The receipt's log key is not a verifier key.") from exc
    if pin is not None and note.fingerprint(key.public_key) != pin:
        raise ReceiptError(2, "The receipt's log key is not the one you pinned.")
    if origin is not None and key.name != origin:
        raise ReceiptError(2, "The receipt is of another log than the one you named.")
    return key


def _checkpoint(text: str, key: VerifierKey) -> Checkpoint:
    """Step 3."""
    try:
        return verify_checkpoint(text.encode(), key)
    except OfflineError as exc:
        raise ReceiptError(3, str(exc)) from exc


def _included(proven: ProvenEvent, checkpoint: Checkpoint) -> EventLeaf:
    """Step 4."""
    try:
        leaf = parse_leaf(proven.leaf)
        if not isinstance(leaf, EventLeaf) or leaf.origin != checkpoint.origin:
            raise FormatError("A leaf of the receipt is of no event, or of another log.")
        hashed = merkle.leaf_hash(proven.leaf)
        merkle.verify_inclusion(leaf.idx, checkpoint.size, hashed, proven.proof, checkpoint.root)
    except OfflineError as exc:
        raise ReceiptError(4, str(exc)) from exc
    return leaf


def _event(proven: ProvenEvent, leaf: EventLeaf) -> dict[str, Any]:
    """Step 5."""
    if hashlib.sha256(proven.event).hexdigest() != leaf.event_sha256:
        raise ReceiptError(5, "An event of the receipt is not the one its leaf places in the log.")
    try:
        event = parse_event(proven.event)
    except FormatError as exc:
        raise ReceiptError(5, f"An event of the receipt is not in form. {exc}") from exc
    if event.matter != leaf.matter:
        raise ReceiptError(5, "An event of the receipt is of another matter than its leaf.")
    fields: dict[str, Any] = json.loads(proven.event)
    return fields


def _require_one_request(events: list[dict[str, Any]]) -> None:
    """Step 6."""
    if len({event["tenant"] for event in events}) > 1:
        raise ReceiptError(6, "The receipt's events are of several organizations.")
    if len(events) > 1 and (None in (of := [_request(event) for event in events]) or len(set(of)) > 1):
        raise ReceiptError(6, "The receipt's events are not of one request.")


def _request(event: Mapping[str, Any]) -> str | None:
    request = event.get("req")
    name = request.get("id") if isinstance(request, dict) else None
    return name if isinstance(name, str) else None
