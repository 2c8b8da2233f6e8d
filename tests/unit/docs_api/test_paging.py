"""Cursors: opaque, canonical, and refused when they are not ours."""

from uuid import UUID, uuid4

import pytest

from services.docs_api.paging import cut, decode_cursor, decode_id, decode_number, encode_cursor
from services.kernel.problems import InvalidInput


def test_a_cursor_reads_back() -> None:
    position = uuid4()
    assert decode_id(encode_cursor(str(position))) == position
    assert decode_cursor(encode_cursor("pleadings")) == "pleadings"


def test_without_a_cursor_a_list_begins_at_its_beginning() -> None:
    assert decode_id(None) == UUID(int=0)


@pytest.mark.parametrize(
    "cursor", ["", "=", "zz", "A", "AA", "é", "YQ==", "AAAA", encode_cursor("not an id")]
)
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidInput):
        decode_id(cursor)


@pytest.mark.parametrize("position", ["0", "-1", "01", "x", "1" * 19, "\u0661"])
def test_what_is_no_number_is_refused(position: str) -> None:
    assert (decode_number(None), decode_number(encode_cursor("7"))) == (0, 7)
    with pytest.raises(InvalidInput):
        decode_number(encode_cursor(position))


def test_a_page_ends_with_a_cursor_only_when_there_is_more() -> None:
    assert cut([1, 2, 3], 3, str) == ([1, 2, 3], None)
    rows, cursor = cut([1, 2, 3], 2, str)
    assert rows == [1, 2]
    assert cursor is not None
    assert decode_cursor(cursor) == "2"
