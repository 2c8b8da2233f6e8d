"""What a step adds to a tree."""

import hashlib
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.audit.ledger.growth import Growth, QueuedEvent
from services.audit.offline import merkle
from services.audit.offline.leaves import MAX_HEADS, EventLeaf, HeadsLeaf, parse_leaf

ORIGIN = "redwell.example/main/log/x"
MATTER = UUID(int=0xA)


def queued(number: int, matter: UUID | None = None) -> QueuedEvent:
    return QueuedEvent(UUID(int=number), hashlib.sha256(bytes([number])).digest(), matter)


def test_events_take_the_next_places_and_numbers() -> None:
    growth = Growth(ORIGIN, merkle.Frontier(), {MATTER: 4})
    for event in (queued(1, MATTER), queued(2), queued(3, MATTER), queued(4, UUID(int=0xB))):
        growth.add_event(event)
    leaves = [parse_leaf(leaf.body) for leaf in growth.leaves]
    assert [leaf.idx for leaf in leaves] == [0, 1, 2, 3]
    assert [leaf.matter_seq for leaf in leaves if isinstance(leaf, EventLeaf)] == [5, None, 6, 1]
    assert growth.heads == {MATTER: 6, UUID(int=0xB): 1}
    assert [leaf.event for leaf in growth.leaves] == [UUID(int=number) for number in (1, 2, 3, 4)]


@given(st.integers(0, 3 * MAX_HEADS))
def test_every_head_is_named_once_in_as_few_leaves_as_it_takes(count: int) -> None:
    heads = {UUID(int=number): number + 1 for number in range(count)}
    growth = Growth(ORIGIN, merkle.Frontier())
    growth.name_heads(heads)
    named: dict[str, int] = {}
    for leaf in growth.leaves:
        parsed = parse_leaf(leaf.body)
        assert isinstance(parsed, HeadsLeaf)
        assert not named.keys() & parsed.heads.keys()
        named |= parsed.heads
    assert named == {str(matter): number for matter, number in heads.items()}
    assert len(growth.leaves) == -(-count // MAX_HEADS)
    assert growth.heads == {}  # naming gives no numbers


@given(st.lists(st.integers(0, 40), min_size=1, max_size=6))
def test_growing_in_steps_gives_the_tree_over_all_leaves(steps: list[int]) -> None:
    stored, bodies = merkle.Frontier().to_bytes(), []
    for count in steps:
        growth = Growth(ORIGIN, merkle.Frontier.from_bytes(stored))
        for number in range(count):
            growth.add_event(queued(number))
        stored = growth.frontier.to_bytes()
        bodies += [leaf.body for leaf in growth.leaves]
    assert merkle.Frontier.from_bytes(stored).root() == merkle.root(map(merkle.leaf_hash, bodies))
