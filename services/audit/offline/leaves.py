"""The two kinds of leaf: one that places an event in the log, one that names the heads of matters.

A leaf's exact bytes are canonical JSON of a closed schema (docs/ledger-format.md, "Leaves"). A leaf names its
log and its position, so that it cannot be replayed into another log or another place.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from services.audit.offline import canonical
from services.audit.offline.errors import FormatError

MAX_LEAF_BYTES = 8192
MAX_HEADS = 100

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DIGEST_HEX = re.compile(r"[0-9a-f]{64}")
ORIGIN = re.compile(r"[!-*,-~]{1,255}")  # visible ASCII without "+", which note key names exclude

_EVENT_FIELDS = frozenset({"event_sha256", "idx", "matter", "matter_seq", "origin", "v"})
_HEADS_FIELDS = frozenset({"heads", "idx", "origin", "v"})


@dataclass(frozen=True, slots=True)
class EventLeaf:
    """Places one event: its SHA-256 in hex and, if it has a matter, its number there, from 1 without gaps."""

    origin: str
    idx: int
    event_sha256: str
    matter: str | None
    matter_seq: int | None


@dataclass(frozen=True, slots=True)
class HeadsLeaf:
    """Names the last sequence number of matters touched since the previous heads leaves."""

    origin: str
    idx: int
    heads: Mapping[str, int]


Leaf = EventLeaf | HeadsLeaf


def build_event_leaf(leaf: EventLeaf) -> bytes:
    """Exact bytes of an event leaf.

    Raises:
        FormatError: a field is not in form.
    """
    fields = {
        "event_sha256": leaf.event_sha256,
        "idx": leaf.idx,
        "matter": leaf.matter,
        "matter_seq": leaf.matter_seq,
        "origin": leaf.origin,
        "v": 1,
    }
    _event_leaf(fields)
    return canonical.encode(fields)


def build_heads_leaf(leaf: HeadsLeaf) -> bytes:
    """Exact bytes of a heads leaf of 1 to 100 matters.

    Raises:
        FormatError: a field is not in form.
    """
    fields = {"heads": dict(leaf.heads), "idx": leaf.idx, "origin": leaf.origin, "v": 1}
    _heads_leaf(fields)
    return canonical.encode(fields)


def parse_leaf(raw: bytes) -> Leaf:
    """Read a leaf's exact bytes.

    Raises:
        FormatError: not canonical, or not exactly one of the two closed schemas.
    """
    fields = canonical.decode(raw, MAX_LEAF_BYTES)
    if fields.keys() == _EVENT_FIELDS:
        return _event_leaf(fields)
    if fields.keys() == _HEADS_FIELDS:
        return _heads_leaf(fields)
    raise FormatError("The leaf has other fields than a leaf has.")


def _event_leaf(fields: Mapping[str, object]) -> EventLeaf:
    origin, idx = _place(fields)
    digest, matter, sequence = fields["event_sha256"], fields["matter"], fields["matter_seq"]
    if not isinstance(digest, str) or not DIGEST_HEX.fullmatch(digest):
        raise FormatError("The leaf's event digest is not 64 lower-case hex digits.")
    if matter is None and sequence is None:
        return EventLeaf(origin, idx, digest, None, None)
    return EventLeaf(origin, idx, digest, _matter(matter), _integer(sequence, 1))


def _heads_leaf(fields: Mapping[str, object]) -> HeadsLeaf:
    origin, idx = _place(fields)
    heads = fields["heads"]
    if not isinstance(heads, dict) or not 1 <= len(heads) <= MAX_HEADS:
        raise FormatError(f"The leaf does not name 1 to {MAX_HEADS} matters.")
    return HeadsLeaf(origin, idx, {_matter(key): _integer(head, 1) for key, head in heads.items()})


def _place(fields: Mapping[str, object]) -> tuple[str, int]:
    origin = fields["origin"]
    if fields["v"] is True or fields["v"] != 1:
        raise FormatError("The leaf is of an unknown version.")
    if not isinstance(origin, str) or not ORIGIN.fullmatch(origin):
        raise FormatError("The leaf's origin is not a log name.")
    return origin, _integer(fields["idx"], 0)


def _matter(value: object) -> str:
    if not isinstance(value, str) or not UUID.fullmatch(value):
        raise FormatError("The leaf's matter is not an id.")
    return value


def _integer(value: object, least: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= canonical.MAX_INTEGER:
        raise FormatError("A number in the leaf is out of range.")
    return value
