"""The policy table, made fast to ask: raw path and method in, operation out. A path in no row is 404.

Paths without parameters are one look-up. The others are kept by their first two segments and their number of
segments, so that a request is matched against two or three patterns, not against all of them.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from services.kernel.http.operation import Operation
from services.kernel.problems import MethodNotAllowed, NotFound

_Methods = dict[str, Operation]
_LITERAL_SEGMENTS = 2


@dataclass(frozen=True, slots=True)
class _Pattern:
    expression: re.Pattern[bytes]
    methods: _Methods = field(default_factory=dict)


class PolicyTable:
    """Every operation there is.

    Raises:
        ValueError: two operations claim one method of one path, or a pattern does not begin with two literal
            segments.
    """

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._literal: dict[bytes, _Methods] = {}
        self._patterns: dict[tuple[bytes, int], dict[str, _Pattern]] = {}
        self.by_id: Mapping[str, Operation] = {row.id: row for row in operations}
        for operation in self.by_id.values():
            self._add(operation)

    def _add(self, operation: Operation) -> None:
        path = operation.path.encode("ascii")
        if b"{" not in path:
            methods = self._literal.setdefault(path, {})
        else:
            fresh = _Pattern(re.compile(operation.pattern.encode("ascii")))
            group = self._patterns.setdefault(_group(path), {})
            methods = group.setdefault(operation.pattern, fresh).methods
        if b"{" in _group(path)[0] or operation.method in methods:
            raise ValueError(f"{operation.id}: {operation.method} {operation.path} cannot be told apart")
        methods[operation.method] = operation

    def find(self, method: str, raw_path: bytes) -> Operation:
        """The operation that serves `method` at exactly this spelling of a path.

        Raises:
            NotFound: no operation has this path.
            MethodNotAllowed: none that has it takes this method.
        """
        methods = self._literal.get(raw_path)
        if methods is None:
            methods = self._matching(raw_path)
        operation = methods.get(method)
        if operation is None:
            raise MethodNotAllowed(tuple(methods))
        return operation

    def _matching(self, raw_path: bytes) -> _Methods:
        group = self._patterns.get(_group(raw_path), {})
        found = [pattern.methods for pattern in group.values() if pattern.expression.fullmatch(raw_path)]
        if not found:
            raise NotFound
        return found[0] if len(found) == 1 else {name: row for each in found for name, row in each.items()}


def _group(path: bytes) -> tuple[bytes, int]:
    segments = path.split(b"/", _LITERAL_SEGMENTS + 1)
    return b"/".join(segments[: _LITERAL_SEGMENTS + 1]), path.count(b"/")
