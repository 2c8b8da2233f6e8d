import json
from pathlib import Path
from typing import Any

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.offline import merkle
from services.audit.offline.errors import FormatError, ProofError

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "vectors/log/rfc6962.json").read_text(encoding="utf-8")
)
LEAVES = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in VECTORS["leaves"]]
ROOTS = [bytes.fromhex(root) for root in VECTORS["roots"]]
MANY = [merkle.leaf_hash(b"%d" % number) for number in range(70)]


def _nodes(vector: dict[str, Any]) -> list[bytes]:
    return [bytes.fromhex(node) for node in vector["proof"]]


def test_published_roots() -> None:
    assert merkle.root([]) == bytes.fromhex(VECTORS["empty_root"])
    for size, expected in enumerate(ROOTS, 1):
        assert merkle.root(LEAVES[:size]) == expected


@pytest.mark.parametrize("vector", VECTORS["inclusion"])
def test_published_inclusion_proofs(vector: dict[str, Any]) -> None:
    index, size = vector["index"], vector["size"]
    assert merkle.inclusion_proof(LEAVES[:size], index) == _nodes(vector)
    merkle.verify_inclusion(index, size, LEAVES[index], _nodes(vector), ROOTS[size - 1])


@pytest.mark.parametrize("vector", VECTORS["consistency"])
def test_published_consistency_proofs(vector: dict[str, Any]) -> None:
    old, new = vector["old_size"], vector["new_size"]
    assert merkle.consistency_proof(LEAVES[:new], old) == _nodes(vector)
    merkle.verify_consistency(old, new, _nodes(vector), ROOTS[old - 1], ROOTS[new - 1])


def test_roots_and_proofs_agree_with_another_implementation() -> None:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for number in range(len(MANY)):
        tree.append_entry(b"%d" % number)
    for size in range(1, len(MANY) + 1):
        assert tree.get_root(size) == merkle.root(MANY[:size])
    for index in range(0, 64, 7):
        theirs = tree.prove_inclusion(index + 1, 65).path
        assert set(merkle.inclusion_proof(MANY[:65], index)) <= set(theirs)


@given(st.data())
def test_every_inclusion_proof_verifies_and_no_altered_one_does(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, len(MANY)))
    index = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion_proof(MANY[:size], index)
    root = merkle.root(MANY[:size])
    merkle.verify_inclusion(index, size, MANY[index], proof, root)
    for wrong in _altered(proof, data):
        with pytest.raises(ProofError):
            merkle.verify_inclusion(index, size, MANY[index], wrong, root)
    with pytest.raises(ProofError):
        merkle.verify_inclusion(index, size, MANY[(index + 1) % len(MANY)], proof, root)


@given(st.data())
def test_every_consistency_proof_verifies_and_no_altered_one_does(data: st.DataObject) -> None:
    new = data.draw(st.integers(1, len(MANY)))
    old = data.draw(st.integers(0, new))
    proof = merkle.consistency_proof(MANY[:new], old)
    old_root, new_root = merkle.root(MANY[:old]), merkle.root(MANY[:new])
    merkle.verify_consistency(old, new, proof, old_root, new_root)
    for wrong in _altered(proof, data):
        with pytest.raises(ProofError):
            merkle.verify_consistency(old, new, wrong, old_root, new_root)
    with pytest.raises(ProofError):
        merkle.verify_consistency(old, new, proof, bytes(32), new_root)
    if old:
        with pytest.raises(ProofError):
            merkle.verify_consistency(old, new, proof, old_root, bytes(32))


def _altered(proof: list[bytes], data: st.DataObject) -> list[list[bytes]]:
    wrong = [[*proof, bytes(32)], [bytes(32), *proof], [*proof, b""]]
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        flipped = bytes([proof[at][0] ^ 8]) + proof[at][1:]
        wrong += [proof[:-1], proof[1:], [*proof[:at], flipped, *proof[at + 1 :]]]
        wrong += [[*proof[:at], proof[at][:-1], *proof[at + 1 :]]]
    return wrong


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (2, 1), (-1, 4)])
def test_a_leaf_outside_the_tree_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(ProofError):
        merkle.verify_inclusion(index, size, bytes(32), [], bytes(32))


@pytest.mark.parametrize(("old", "new"), [(1, 0), (2, 1), (-1, 3)])
def test_a_tree_never_shrinks(old: int, new: int) -> None:
    with pytest.raises(ProofError):
        merkle.verify_consistency(old, new, [], bytes(32), bytes(32))


@pytest.mark.parametrize("size", range(len(MANY)))
def test_a_stored_frontier_continues_where_it_was(size: int) -> None:
    frontier = merkle.Frontier()
    for hashed in MANY[:size]:
        frontier.append(hashed)
    restored = merkle.Frontier.from_bytes(frontier.to_bytes())
    assert (restored.size, restored.root()) == (size, merkle.root(MANY[:size]))
    restored.append(MANY[size])
    assert restored.root() == merkle.root(MANY[: size + 1])


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x01",
        b"\x02" + bytes(8),
        b"\x01" + bytes(7),
        b"\x01" + bytes(9),
        b"\x01" + (3).to_bytes(8, "big") + bytes(32),
        b"\x01" + (1).to_bytes(8, "big") + bytes(33),
        b"\x01" + b"\xff" * 8 + bytes(64 * 32),
    ],
)
def test_anything_but_a_stored_frontier_is_refused(raw: bytes) -> None:
    with pytest.raises(FormatError):
        merkle.Frontier.from_bytes(raw)
