import contextlib
import math

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from services.audit.offline import canonical
from services.audit.offline.errors import FormatError

NAMES = st.text(st.characters(max_codepoint=127), max_size=8)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-canonical.MAX_INTEGER, canonical.MAX_INTEGER)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3)
)


@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_encoding_is_that_of_rfc_8785_and_reads_back(value: dict[str, object]) -> None:
    raw = canonical.encode(value)
    assert raw == rfc8785.dumps(value)  # type: ignore[arg-type]
    assert canonical.decode(raw, 65_536) == value


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b'{"a":1,"a":1}',
        b'{"a":1,"a":2}',
        b'{"b":1,"a":1}',
        b'{"a": 1}',
        b'{"a":1}\n',
        b' {"a":1}',
        b'\xef\xbb\xbf{"a":1}',
        b'{"a":1.0}',
        b'{"a":1e2}',
        b'{"a":-0}',
        b'{"a":01}',
        b'{"a":1e400}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":9007199254740992}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":"\\u0041"}',
        b'{"a":"\\/"}',
        b'{"a":"\\ud800"}',
        b'{"a":"\xff"}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"\x00"}',
        b'{"a":"\\u001F"}',
        '{"ä":1}'.encode(),
        '{"a":[{"ä":1}]}'.encode(),
        b'{"a":1}'.decode().encode("utf-16"),
        b'{"a":' + b"[" * 5000,
        b'{"a":' * 1500,
        b'{"a":' + b"[" * 4000 + b"]" * 4000 + b"}",
    ],
)
def test_anything_not_canonical_is_refused(raw: bytes) -> None:
    with pytest.raises(FormatError):
        canonical.decode(raw, 16_384)


def test_what_is_too_long_is_refused() -> None:
    raw = canonical.encode({"a": "x" * 100})
    with pytest.raises(FormatError):
        canonical.decode(raw, len(raw) - 1)
    canonical.decode(raw, len(raw))


def test_floats_that_are_not_numbers_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical.encode({"a": math.nan})


@given(st.binary(max_size=16_384))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with contextlib.suppress(FormatError):
        assert canonical.encode(canonical.decode(raw, 8192)) == raw


@pytest.mark.parametrize("text", ["AA", "AA=", "AB==", "AA==\n", "A A=", "-_==", "ä", "AA==="])
def test_base64_has_one_form(text: str) -> None:
    with pytest.raises(FormatError):
        canonical.decode_base64(text)
    assert canonical.decode_base64("AA==") == b"\x00"
