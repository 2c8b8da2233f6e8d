"""Sets of a matter's documents: a folder, a class, certain documents, or all of them."""

from collections.abc import Iterator
from typing import Any, Protocol

JSON = dict[str, Any]


class _Pages(Protocol):
    def pages(self, path: str, **query: str) -> Iterator[JSON]: ...


class Sets:
    """What a client can ask of many documents at once."""

    def manifest(self: _Pages, matter_id: str, **query: str) -> Iterator[JSON]:
        """What a set has: `folder` and what is below it, `class_id`, `ids` with commas; none: all."""
        return self.pages(f"/v1/matters/{matter_id}/manifest", **query)
