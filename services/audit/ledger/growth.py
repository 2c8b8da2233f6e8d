"""How a tree grows, without I/O: events become leaves, matters are numbered, heads are named.

The tree is RFC 6962 over exact leaf bytes (`offline/leaves.py`). A matter's events are numbered from 1
without gaps, so that a missing one shows; heads leaves name the last number, so a missing last one shows too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from services.audit.offline.leaves import (
    MAX_HEADS,
    EventLeaf,
    HeadsLeaf,
    build_event_leaf,
    build_heads_leaf,
)
from services.audit.offline.merkle import Frontier, leaf_hash


@dataclass(frozen=True, slots=True)
class QueuedEvent:
    """An event that has no leaf yet. `sha256`: 32 bytes over its exact bytes."""

    id: UUID
    sha256: bytes
    matter: UUID | None


@dataclass(frozen=True, slots=True)
class NewLeaf:
    """A leaf to be stored. `event` is None for a leaf that names heads."""

    idx: int
    event: UUID | None
    body: bytes


@dataclass(slots=True)
class Growth:
    """What one step adds to the tree `origin`, on top of `frontier`.

    `heads`: the last number given in each matter that the step touches; absent for a matter's first event.
    """

    origin: str
    frontier: Frontier
    heads: dict[UUID, int] = field(default_factory=dict)
    leaves: list[NewLeaf] = field(default_factory=list)

    def add_event(self, event: QueuedEvent) -> None:
        """Append the event's leaf, with the next number of its matter."""
        number = None
        if event.matter is not None:
            number = self.heads[event.matter] = self.heads.get(event.matter, 0) + 1
        matter = None if event.matter is None else str(event.matter)
        leaf = EventLeaf(self.origin, self.frontier.size, event.sha256.hex(), matter, number)
        self._append(event.id, build_event_leaf(leaf))

    def name_heads(self, heads: Mapping[UUID, int]) -> None:
        """Append as many heads leaves as it takes to name all of `heads`."""
        ordered = sorted((str(matter), number) for matter, number in heads.items())
        for start in range(0, len(ordered), MAX_HEADS):
            part = dict(ordered[start : start + MAX_HEADS])
            self._append(None, build_heads_leaf(HeadsLeaf(self.origin, self.frontier.size, part)))

    def _append(self, event: UUID | None, body: bytes) -> None:
        self.leaves.append(NewLeaf(self.frontier.size, event, body))
        self.frontier.append(leaf_hash(body))
