"""CSV as RFC 4180 has it, read strictly: a line that is not so is told by its number, and the next one read.

Pure. The standard library's `csv` guesses where a quote stands wrongly, and has one limit for a process.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_END = r"(?=,|\r?\n|\Z)"
# Possessive, so that no cell makes it try again: the time is linear in the length.
_CELL = re.compile(rf'"((?:[^"]|"")*+)"{_END}|([^",\r\n]*+){_END}')
_LINE_END = re.compile(r"\r?\n|\Z")


@dataclass(frozen=True, slots=True)
class Record:
    """`line` is where it begins, from 1. `cells` is None where it is not well-formed."""

    line: int
    cells: tuple[str, ...] | None


def records_of(text: str) -> Iterator[Record]:
    """Every record but empty lines."""
    position, line = 0, 1
    while position < len(text):
        cells, end = _record_at(text, position)
        if cells != ("",):
            yield Record(line, cells)
        line += text.count("\n", position, end)
        position = end


def _record_at(text: str, position: int) -> tuple[tuple[str, ...] | None, int]:
    """The record that begins there, and where the next one does."""
    cells = []
    while True:
        found = _CELL.match(text, position)
        if found is None:
            return None, _after_line(text, position)
        cells.append(found[2] if found[1] is None else found[1].replace('""', '"'))
        position = found.end()
        if text[position : position + 1] != ",":
            return tuple(cells), _after_line(text, position)
        position += 1


def _after_line(text: str, position: int) -> int:
    found = _LINE_END.search(text, position)
    assert found is not None
    return found.end()
