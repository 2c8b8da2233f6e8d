"""Conditions and ranges of RFC 9110: what is asked for is exactly what is meant, or all of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.docs_api.conditions import (
    ByteRange,
    RangeNotSatisfiable,
    asked_range,
    is_known,
    quoted,
    require_match,
)
from services.kernel.problems import PreconditionFailed, PreconditionRequired

ETAG = quoted("abc")
CONTENT = bytes(range(100))


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=0-99", (0, 100)),
        ("bytes=10-", (10, 100)),
        ("bytes=99-", (99, 100)),
        ("bytes=90-1000", (90, 100)),
        ("bytes=-1", (99, 100)),
        ("bytes=-1000", (0, 100)),
        ("BYTES=5-9", (5, 10)),
        ("bytes=0-9999999999999999999", (0, 100)),
    ],
)
def test_one_range_is_what_it_says(field: str, expected: tuple[int, int]) -> None:
    assert asked_range(field, None, ETAG, 100) == ByteRange(*expected, 100)


@pytest.mark.parametrize(
    "field",
    [
        None,
        "",
        "bytes=",
        "bytes=-",
        "bytes=5-4",
        "bytes=0-1,3-4",
        "bytes=0-1,",
        "lines=0-1",
        "bytes=a-b",
        "bytes=+1-2",
        "bytes=1-2-3",
        "bytes 0-1",
        "bytes=0x1-2",
        "bytes=\u0661-\u0662",
        "bytes=10000000000000000000-",
        "bytes=0-10000000000000000000",
        "bytes=-10000000000000000000",
    ],
)
def test_what_cannot_be_read_or_is_several_asks_for_all(field: str | None) -> None:
    assert asked_range(field, None, ETAG, 100) is None


@pytest.mark.parametrize("field", ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=9999999999999999999-"])
def test_a_range_behind_the_end_is_refused_with_the_length(field: str) -> None:
    with pytest.raises(RangeNotSatisfiable) as refused:
        asked_range(field, None, ETAG, 100)
    assert refused.value.headers()["Content-Range"] == "bytes */100"


def test_nothing_has_no_part() -> None:
    assert asked_range("bytes=-5", None, ETAG, 0) is None
    with pytest.raises(RangeNotSatisfiable):
        asked_range("bytes=0-", None, ETAG, 0)


@pytest.mark.parametrize("if_range", ['"other"', 'W/"abc"', "Sat, 29 Oct 2026 19:43:31 GMT", "", "*"])
def test_a_part_of_something_else_is_not_asked_for(if_range: str) -> None:
    assert asked_range("bytes=0-1", if_range, ETAG, 100) is None
    assert asked_range("bytes=200-", if_range, ETAG, 100) is None


def test_a_part_of_the_same_is() -> None:
    assert asked_range("bytes=0-1", ETAG, ETAG, 100) == ByteRange(0, 2, 100)


@given(st.integers(0, 150), st.integers(0, 150))
def test_a_range_cuts_as_python_does(first: int, last: int) -> None:
    if first > last or first >= len(CONTENT):
        return
    part = asked_range(f"bytes={first}-{last}", None, ETAG, len(CONTENT))
    assert part is not None
    assert CONTENT[part.start : part.stop] == CONTENT[first : last + 1]
    assert str(part) == f"{first}-{min(last, 99)}"
    assert part.length_bytes == len(CONTENT[first : last + 1])


@pytest.mark.parametrize("field", ["*", ETAG, f'"x", {ETAG}', f"W/{ETAG}"])
def test_what_the_asker_has_is_known(field: str) -> None:
    assert is_known(field, ETAG)


@pytest.mark.parametrize("field", [None, "", '"x"', "abc", f"{ETAG} {ETAG}", f"{ETAG},", f"w/{ETAG}"])
def test_what_the_asker_has_not_is_not(field: str | None) -> None:
    assert not is_known(field, ETAG)


@pytest.mark.parametrize("field", ["*", ETAG, f'"x",{ETAG}'])
def test_who_saw_it_may_change_it(field: str) -> None:
    require_match(field, ETAG)


@pytest.mark.parametrize("field", ["", '"x"', "abc", f"W/{ETAG}", f"{ETAG} x"])
def test_who_saw_something_else_may_not(field: str) -> None:
    with pytest.raises(PreconditionFailed):
        require_match(field, ETAG)


def test_who_does_not_say_must() -> None:
    with pytest.raises(PreconditionRequired):
        require_match(None, ETAG)
