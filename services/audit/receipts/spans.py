"""Which hashes an inclusion proof takes, and the proof from them: bounded, however large the tree is.

Hashes of complete subtrees of 2^8, 2^16 and 2^24 leaves are kept. A node of a proof covers a range of leaves
that begins at a multiple of the largest power of two in it, so it is made of kept subtrees, the largest
first, and of single leaves at its end. All that a proof needs lies in the group of 256 around the leaf and
in the group at the tree's right edge, on each level.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from services.audit.offline.merkle import Frontier, inclusion_ranges

GROUP_LEVELS = 8
GROUP = 1 << GROUP_LEVELS
LEVELS = (24, 16, 8, 0)
"""Largest subtrees first; level 0 is the leaves."""


@dataclass(frozen=True, slots=True)
class Span:
    """Subtrees of one level, by their index there: those from `start` up to, without, `stop`."""

    level: int
    start: int
    stop: int


def spans_needed(index: int, size: int) -> list[Span]:
    """Everything that the proof of leaf `index` in a tree of `size` leaves may take."""
    spans = []
    for level in LEVELS:
        count, own = size >> level, (index >> level) // GROUP * GROUP
        edge = count // GROUP * GROUP if level != LEVELS[0] else 0
        spans.append(Span(level, edge, count))
        if level != LEVELS[0] and own != edge:
            spans.append(Span(level, own, own + GROUP))
    return [span for span in spans if span.start < span.stop]


def prove(index: int, size: int, hashes: Mapping[tuple[int, int], bytes]) -> tuple[bytes, ...]:
    """The inclusion proof, from hashes by level and index.

    Raises:
        KeyError: a hash is not there.
    """
    return tuple(_root(start, stop, hashes) for start, stop in inclusion_ranges(index, size))


def _root(start: int, stop: int, hashes: Mapping[tuple[int, int], bytes]) -> bytes:
    frontier = Frontier()
    for level in LEVELS:
        while stop - start >= 1 << level:
            frontier.append(hashes[level, start >> level], level)
            start += 1 << level
    return frontier.root()
