"""`docs/sealing-format.md` against the code: the names, labels and sizes it gives are the ones in use."""

import re
from pathlib import Path
from uuid import UUID

from services.docs_api.sealing.context import LABEL, SegmentContext
from services.docs_api.sealing.segments import SEGMENT_BYTES, sealed_length
from services.keys.wrapping import WRAPPED_BYTES
from services.tables import Record

TEXT = (Path(__file__).parents[4] / "docs" / "sealing-format.md").read_text()


def test_every_sealed_column_is_in_the_table() -> None:
    named = set()
    for row in re.findall(r"^\| [^|]+ \| (`\w+`[^|]*) \| [^|]+ key \|$", TEXT, re.MULTILINE):
        table, *columns = re.findall(r"`(\w+)`", row)
        named |= {(table, column) for column in columns}
    sealed = {
        (table.name, column.name)
        for table in Record.metadata.tables.values()
        for column in table.columns
        if column.name.endswith("_sealed") or column.name == "sealed"
    }
    assert named == sealed


def test_sizes_are_the_ones_in_use() -> None:
    assert f"({SEGMENT_BYTES})" in TEXT
    assert f"{WRAPPED_BYTES} bytes:" in TEXT
    assert sealed_length(100) == 56 + 100 + 16
    one = UUID(int=1)
    assert f"{len(SegmentContext(one, one, one, one, 0, 0).to_bytes())} bytes:" in TEXT
    assert f'"{LABEL.decode()}" ({len(LABEL)})' in TEXT
