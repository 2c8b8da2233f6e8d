"""The Merkle tree of RFC 6962 section 2.1, with proof checking as in RFC 9162 sections 2.1.3.2 and 2.1.4.2.

A proof is planned as ranges of leaves (`inclusion_ranges`, `consistency_ranges`); each proof node is the root
of one range. Whoever stores hashes of whole subtrees looks the ranges up; `inclusion_proof` and
`consistency_proof` compute them from leaf hashes. Hashes are always 32 bytes.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Self

from services.audit.offline.errors import FormatError, ProofError

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

_FRONTIER_VERSION = b"\x01"
_FRONTIER_HEAD_BYTES = 9
_MAX_SIZE_BITS = 63


def leaf_hash(leaf: bytes) -> bytes:
    """Hash of one leaf's exact bytes."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node over its two children's hashes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """A growing tree, kept as the roots of its complete subtrees: at most 63 hashes, however many leaves."""

    __slots__ = ("_peaks", "_size")

    def __init__(self) -> None:
        self._size = 0
        self._peaks: list[bytes] = []  # largest subtree first, one for each set bit of the size

    @property
    def size(self) -> int:
        """Number of leaves appended."""
        return self._size

    def append(self, leaf_hash: bytes, level: int = 0) -> None:
        """Add the next leaf, given its 32-byte leaf hash; or, at once, a complete subtree of 2^level leaves.

        Raises:
            FormatError: a subtree of this level cannot stand here.
        """
        size, left_over = divmod(self._size, 1 << level)
        if left_over:
            raise FormatError("A subtree stands only behind whole subtrees of its size.")
        node = leaf_hash
        while size & 1:
            node = node_hash(self._peaks.pop(), node)
            size >>= 1
        self._peaks.append(node)
        self._size += 1 << level

    def root(self) -> bytes:
        """Root hash over all leaves so far."""
        if not self._peaks:
            return EMPTY_ROOT
        node = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            node = node_hash(peak, node)
        return node

    def to_bytes(self) -> bytes:
        """Canonical form: 0x01, size as 8 bytes big-endian, then the subtree roots, largest first."""
        return _FRONTIER_VERSION + self._size.to_bytes(8, "big") + b"".join(self._peaks)

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Read `to_bytes` back.

        Raises:
            FormatError: the bytes are not exactly what `to_bytes` writes.
        """
        size = int.from_bytes(raw[1:_FRONTIER_HEAD_BYTES], "big")
        expected_bytes = _FRONTIER_HEAD_BYTES + size.bit_count() * HASH_BYTES
        if raw[:1] != _FRONTIER_VERSION or len(raw) != expected_bytes or size.bit_length() > _MAX_SIZE_BITS:
            raise FormatError("These bytes are not a stored tree frontier.")
        frontier = cls()
        frontier._size = size
        frontier._peaks = [
            raw[at : at + HASH_BYTES] for at in range(_FRONTIER_HEAD_BYTES, expected_bytes, HASH_BYTES)
        ]
        return frontier


def root(leaf_hashes: Iterable[bytes]) -> bytes:
    """Root hash of the tree over these leaf hashes."""
    frontier = Frontier()
    for hashed in leaf_hashes:
        frontier.append(hashed)
    return frontier.root()


def inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """Leaf ranges [start, end) whose roots are the inclusion proof of leaf `index`, in proof order.

    Raises:
        ProofError: no such leaf in a tree of `size` leaves.
    """
    if not 0 <= index < size:
        raise ProofError(f"A tree of {size} leaves has no leaf {index}.")
    start, end, ranges = 0, size, []
    while end - start > 1:
        split = start + _left_size(end - start)
        if index < split:
            ranges.append((split, end))
            end = split
        else:
            ranges.append((start, split))
            start = split
    return ranges[::-1]


def consistency_ranges(old_size: int, new_size: int) -> list[tuple[int, int]]:
    """Leaf ranges [start, end) whose roots are the consistency proof between two sizes, in proof order.

    Raises:
        ProofError: the old tree is larger than the new one.
    """
    if not 0 <= old_size <= new_size:
        raise ProofError(f"A tree of {new_size} leaves cannot extend one of {old_size}.")
    if old_size == 0:
        return []
    start, end, ranges = 0, new_size, []
    while end != old_size:
        split = start + _left_size(end - start)
        if old_size <= split:
            ranges.append((split, end))
            end = split
        else:
            ranges.append((start, split))
            start = split
    if start > 0:  # otherwise the last node is the old root, which the verifier has
        ranges.append((start, end))
    return ranges[::-1]


def inclusion_proof(leaf_hashes: Sequence[bytes], index: int) -> list[bytes]:
    """Inclusion proof of leaf `index` in the tree over all of `leaf_hashes`."""
    return [root(leaf_hashes[start:end]) for start, end in inclusion_ranges(index, len(leaf_hashes))]


def consistency_proof(leaf_hashes: Sequence[bytes], old_size: int) -> list[bytes]:
    """Proof that the tree over all of `leaf_hashes` extends the tree over the first `old_size` of them."""
    return [root(leaf_hashes[start:end]) for start, end in consistency_ranges(old_size, len(leaf_hashes))]


def verify_inclusion(index: int, size: int, hashed: bytes, proof: Sequence[bytes], tree_root: bytes) -> None:
    """Check that the leaf with hash `hashed` is leaf `index` of the tree with this size and root.

    Raises:
        ProofError: it is not, or the proof has a node too many, too few, or not of 32 bytes.
    """
    _require_count(proof, len(inclusion_ranges(index, size)))
    first, last, node = index, size - 1, hashed
    for sibling in proof:
        if first & 1 or first == last:
            node = node_hash(sibling, node)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        first, last = first >> 1, last >> 1
    _require_equal(node, tree_root)


def verify_consistency(
    old_size: int, new_size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> None:
    """Check that the tree (`new_size`, `new_root`) extends the tree (`old_size`, `old_root`).

    Raises:
        ProofError: it does not, or the proof has a node too many, too few, or not of 32 bytes.
    """
    _require_count(proof, len(consistency_ranges(old_size, new_size)))
    if old_size == 0:
        _require_equal(old_root, EMPTY_ROOT)
        return
    if old_size == new_size:
        _require_equal(old_root, new_root)
        return
    # An old tree that is one complete subtree is itself the first node, and is left out of the proof.
    path = list(proof) if old_size & (old_size - 1) else [old_root, *proof]
    first, last = old_size - 1, new_size - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    old_node = new_node = path[0]
    for sibling in path[1:]:
        if first & 1 or first == last:
            old_node, new_node = node_hash(sibling, old_node), node_hash(sibling, new_node)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            new_node = node_hash(new_node, sibling)
        first, last = first >> 1, last >> 1
    _require_equal(old_node, old_root)
    _require_equal(new_node, new_root)


def _left_size(size: int) -> int:
    """Largest power of two smaller than `size` (RFC 6962's k)."""
    return 1 << ((size - 1).bit_length() - 1)


def _require_count(proof: Sequence[bytes], count: int) -> None:
    if len(proof) != count or any(len(node) != HASH_BYTES for node in proof):
        raise ProofError("The proof does not have exactly the nodes it must have.")


def _require_equal(node: bytes, expected: bytes) -> None:
    if node != expected:
        raise ProofError("The proof does not lead to the root hash.")
