import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.http.strict_json import parse
from services.kernel.problems import MalformedBody

REFUSED = {
    "empty": b"",
    "another encoding": '{"a": 1}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"a": 1}',
    "duplicate name": b'{"a": 1, "a": 1}',
    "duplicate name, deeper": b'[{"a": {"b": 1, "b": 2}}]',
    "overflow": b"1e400",
    "negative overflow": b"-1e400",
    "not a number": b"NaN",
    "infinity": b"[-Infinity]",
    "integer beyond 2^53": b"9007199254740993",
    "very long integer": b"9" * 5000,
    "lone surrogate": b'"\\ud800"',
    "lone surrogate in a name": b'{"\\udc00": 1}',
    "NUL": b'"a\\u0000b"',
    "NUL in a name": b'{"\\u0000": 1}',
    "too deep": b"[" * 33 + b"]" * 33,
    "far too deep": b"[" * 100_000 + b"]" * 100_000,
    "trailing": b"{} {}",
    "invalid UTF-8": b'"\xff"',
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_parsers_read_differently_is_refused(kind: str) -> None:
    with pytest.raises(MalformedBody) as caught:
        parse(REFUSED[kind])
    assert caught.value.__cause__ is None, "a cause would hold what was sent"


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
)


@given(
    st.recursive(
        SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text("abc"), inner), max_leaves=20
    )
)
def test_everything_else_is_read_as_it_is(value: object) -> None:
    assert parse(json.dumps(value).encode()) == value
