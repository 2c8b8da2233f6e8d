"""Proofs from kept subtrees, beside those from every leaf."""

import hashlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.audit.offline import merkle
from services.audit.offline.errors import FormatError
from services.audit.receipts.spans import GROUP, LEVELS, prove, spans_needed

MOST = 70_000  # more than one subtree of 2^16
HASHES = [hashlib.sha256(b"%d" % number).digest() for number in range(MOST)]
KEPT = {(0, idx): leaf for idx, leaf in enumerate(HASHES)}
for _level in (8, 16):
    for _idx in range(MOST >> _level):
        KEPT[_level, _idx] = merkle.root(
            KEPT[_level - 8, child] for child in range(_idx * GROUP, (_idx + 1) * GROUP)
        )


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is slow
@given(st.data())
def test_a_proof_is_made_of_what_was_asked_for(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 2000) | st.integers(65_000, MOST))
    index = data.draw(st.integers(0, size - 1))
    spans = spans_needed(index, size)
    asked = {
        (span.level, idx): KEPT[span.level, idx] for span in spans for idx in range(span.start, span.stop)
    }
    merkle.verify_inclusion(index, size, HASHES[index], prove(index, size, asked), _root(size))


def _root(size: int) -> bytes:
    frontier = merkle.Frontier()
    at = 0
    for level in (16, 8, 0):
        for idx in range(at >> level, size >> level):
            frontier.append(KEPT[level, idx], level)
            at += 1 << level
    assert frontier.size == size
    return frontier.root()


def test_subtrees_at_once_are_leaves_one_by_one() -> None:
    assert _root(1000) == merkle.root(HASHES[:1000])


@pytest.mark.parametrize("size", [1, GROUP, 10**6, 10**9, 10**12])
def test_what_is_asked_for_is_bounded(size: int) -> None:
    for index in {0, size // 3, size - 1}:
        spans = spans_needed(index, size)
        assert sum(span.stop - span.start for span in spans if span.level != LEVELS[0]) <= 6 * GROUP


def test_a_subtree_stands_only_in_its_place() -> None:
    frontier = merkle.Frontier()
    frontier.append(HASHES[0])
    with pytest.raises(FormatError):
        frontier.append(HASHES[1], 8)
