import contextlib
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.offline import canonical
from services.audit.offline.errors import FormatError
from services.audit.offline.leaves import (
    EventLeaf,
    HeadsLeaf,
    build_event_leaf,
    build_heads_leaf,
    parse_leaf,
)

MATTER = "00000000-0000-0000-0000-00000000000a"
EVENT = {
    "event_sha256": "ab" * 32,
    "idx": 7,
    "matter": MATTER,
    "matter_seq": 1,
    "origin": "redwell.example/main/log/x",
    "v": 1,
}
HEADS = {"heads": {MATTER: 3}, "idx": 8, "origin": "redwell.example/main/log/x", "v": 1}


def test_an_event_leaf_has_these_exact_bytes() -> None:
    leaf = EventLeaf("redwell.example/main/log/x", 7, "ab" * 32, MATTER, 1)
    raw = build_event_leaf(leaf)
    assert raw == (
        b'{"event_sha256":"' + b"ab" * 32 + b'","idx":7,"matter":"' + MATTER.encode() + b'","matter_seq":1,'
        b'"origin":"redwell.example/main/log/x","v":1}'
    )
    assert parse_leaf(raw) == leaf


def test_an_event_outside_any_matter_has_no_number() -> None:
    leaf = EventLeaf("log", 0, "ab" * 32, None, None)
    assert b'"matter":null,"matter_seq":null' in build_event_leaf(leaf)
    assert parse_leaf(build_event_leaf(leaf)) == leaf


def test_a_heads_leaf_has_these_exact_bytes() -> None:
    leaf = HeadsLeaf("log", 8, {MATTER: 3})
    raw = build_heads_leaf(leaf)
    assert raw == b'{"heads":{"' + MATTER.encode() + b'":3},"idx":8,"origin":"log","v":1}'
    assert parse_leaf(raw) == leaf


def test_a_heads_leaf_of_100_matters_fits() -> None:
    heads = {str(UUID(int=number)): 2**53 - 1 for number in range(100)}
    leaf = HeadsLeaf("o" * 255, 2**53 - 1, heads)
    assert parse_leaf(build_heads_leaf(leaf)) == leaf
    with pytest.raises(FormatError):
        build_heads_leaf(HeadsLeaf("o", 0, {**heads, MATTER.replace("a", "f"): 1, str(UUID(int=101)): 1}))


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"v": True},
        {"v": None},
        {"idx": -1},
        {"idx": None},
        {"idx": True},
        {"idx": "7"},
        {"origin": ""},
        {"origin": "a b"},
        {"origin": "a+b"},
        {"origin": "ä"},
        {"origin": "a" * 256},
        {"origin": 1},
        {"event_sha256": "AB" * 32},
        {"event_sha256": "ab" * 31},
        {"event_sha256": None},
        {"matter": None},
        {"matter_seq": None},
        {"matter_seq": 0},
        {"matter_seq": True},
        {"matter": "A" * 36},
        {"matter": MATTER.replace("a", "A")},
        {"matter": MATTER + "\n"},
        {"extra": 1},
    ],
)
def test_an_event_leaf_out_of_form_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(FormatError):
        parse_leaf(canonical.encode({**EVENT, **change}))


@pytest.mark.parametrize("heads", [{}, None, [], {MATTER: 0}, {MATTER: None}, {MATTER: True}, {"x": 1}])
def test_a_heads_leaf_out_of_form_is_refused(heads: object) -> None:
    with pytest.raises(FormatError):
        parse_leaf(canonical.encode({**HEADS, "heads": heads}))


@pytest.mark.parametrize("name", sorted(EVENT))
def test_a_leaf_without_a_field_is_refused(name: str) -> None:
    with pytest.raises(FormatError):
        parse_leaf(canonical.encode({key: value for key, value in EVENT.items() if key != name}))


def test_a_leaf_out_of_form_cannot_be_built() -> None:
    with pytest.raises(FormatError):
        build_event_leaf(EventLeaf("log", 0, "ab" * 32, MATTER, None))


@given(st.integers(0, 200), st.integers(1, 255))
def test_an_altered_leaf_never_reads_as_the_same(at: int, mask: int) -> None:
    raw = canonical.encode(EVENT)
    at %= len(raw)
    changed = raw[:at] + bytes([raw[at] ^ mask]) + raw[at + 1 :]
    with contextlib.suppress(FormatError):
        assert parse_leaf(changed) != parse_leaf(raw)
