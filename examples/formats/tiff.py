"""A one-bit TIFF page (TIFF 6.0, baseline, PackBits), as a scanner gives it: slightly askew, with dust."""

import hashlib
import struct
from collections.abc import Iterator, Sequence
from itertools import groupby

from examples.formats.glyphs import COLUMNS, HEIGHT, columns_of

WIDTH, LENGTH, DOTS_PER_INCH = 1240, 1754, 150  # A4
LEFT, TOP, SCALE = 120, 140, 3
LINE_DOTS = 14 * SCALE
ROWS_ASKEW = 110  # the scan moves one dot to the right in so many rows
SPECKS = 220
ROWS_A_STRIP = 64
_LONGEST_RUN = 128
_SHORT, _LONG, _RATIONAL, _ASCII = 3, 4, 5, 2


def make_tiff(lines: Sequence[str]) -> bytes:
    """A page with lines of capital letters, digits and signs; a line of `-` alone is a ruled line."""
    page = [bytearray(WIDTH) for _ in range(LENGTH)]
    for number, line in enumerate(lines):
        _draw(page, TOP + number * LINE_DOTS, line)
    _soil(page)
    rows = [_pack(_packed_row(row, shift=number // ROWS_ASKEW)) for number, row in enumerate(page)]
    return _file([b"".join(rows[at : at + ROWS_A_STRIP]) for at in range(0, LENGTH, ROWS_A_STRIP)])


def _draw(page: list[bytearray], top: int, line: str) -> None:
    if line == "-":
        page[top][LEFT : WIDTH - LEFT] = b"\1" * (WIDTH - 2 * LEFT)
        return
    for position, letter in enumerate(line):
        for column, bits in enumerate(columns_of(letter)):
            left = LEFT + (position * (COLUMNS + 1) + column) * SCALE
            for row in range(HEIGHT):
                if bits >> row & 1:
                    _dot(page, left, top + row * SCALE)


def _dot(page: list[bytearray], left: int, top: int) -> None:
    for row in range(top, top + SCALE):
        page[row][left : left + SCALE] = b"\1" * SCALE


def _soil(page: list[bytearray]) -> None:
    """Dust at places that a hash chooses, so that they are the same every time."""
    for number in range(SPECKS):
        place = int.from_bytes(hashlib.sha256(b"speck %d" % number).digest()[:8], "big")
        page[place // WIDTH % LENGTH][place % WIDTH] ^= 1


def _packed_row(row: bytearray, shift: int) -> bytes:
    moved = bytes(shift) + bytes(row[: WIDTH - shift])
    return int(moved.translate(bytes.maketrans(b"\0\1", b"01")), 2).to_bytes(WIDTH // 8, "big")


def _pack(row: bytes) -> bytes:
    """PackBits: a run is 1-n and the byte; other bytes are their number less one, and themselves."""
    packed, literal = bytearray(), bytearray()
    for value, run in _runs(row):
        if run == 1:
            literal.append(value)
            continue
        packed += _literals(literal) + bytes(((1 - run) & 0xFF, value))
        literal.clear()
    return bytes(packed) + _literals(literal)


def _runs(row: bytes) -> Iterator[tuple[int, int]]:
    for value, group in groupby(row):
        left = len(list(group))
        while left:
            run = min(left, _LONGEST_RUN)
            yield value, run
            left -= run


def _literals(values: bytearray) -> bytes:
    pieces = (values[at : at + _LONGEST_RUN] for at in range(0, len(values), _LONGEST_RUN))
    return b"".join(bytes((len(piece) - 1,)) + piece for piece in pieces)


def _file(strips: Sequence[bytes]) -> bytes:
    """Header, strips, then the directory with what does not fit into its entries."""
    offsets, end = [], 8
    for strip in strips:
        offsets.append(end)
        end += len(strip)
    start = end + end % 2
    fields: list[tuple[int, int, int, bytes]] = [
        (256, _SHORT, 1, struct.pack("<H", WIDTH)),
        (257, _SHORT, 1, struct.pack("<H", LENGTH)),
        (258, _SHORT, 1, struct.pack("<H", 1)),
        (259, _SHORT, 1, struct.pack("<H", 32773)),  # PackBits
        (262, _SHORT, 1, struct.pack("<H", 0)),  # 0 is white
        (273, _LONG, len(strips), struct.pack(f"<{len(strips)}L", *offsets)),
        (277, _SHORT, 1, struct.pack("<H", 1)),
        (278, _SHORT, 1, struct.pack("<H", ROWS_A_STRIP)),
        (279, _LONG, len(strips), struct.pack(f"<{len(strips)}L", *map(len, strips))),
        (282, _RATIONAL, 1, struct.pack("<2L", DOTS_PER_INCH, 1)),
        (283, _RATIONAL, 1, struct.pack("<2L", DOTS_PER_INCH, 1)),
        (296, _SHORT, 1, struct.pack("<H", 2)),  # per inch
        (305, _ASCII, 17, b"Redwell examples\0"),
    ]
    entries, beyond = bytearray(), bytearray()
    after = start + 2 + 12 * len(fields) + 4
    for tag, kind, count, value in fields:
        entries += struct.pack("<2HL", tag, kind, count)
        if len(value) <= 4:  # noqa: PLR2004 -- the size of an entry's own place
            entries += value.ljust(4, b"\0")
            continue
        entries += struct.pack("<L", after + len(beyond))
        beyond += value + bytes(len(value) % 2)
    directory = struct.pack("<H", len(fields)) + entries + bytes(4) + beyond
    content = b"".join(strips)
    return struct.pack("<2sHL", b"II", 42, start) + content + bytes(len(content) % 2) + directory
