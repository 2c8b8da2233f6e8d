"""Cursors come back as they were given, and nothing else is one."""

import base64
import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.log.cursor import Cursor
from services.kernel.problems import InvalidInput

MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS, st.uuids())
def test_a_cursor_survives_its_spelling(at: datetime, id_: object) -> None:
    cursor = Cursor(at, id_)  # type: ignore[arg-type]  # st.uuids is typed as object
    assert Cursor.parse(str(cursor)) == cursor


@pytest.mark.parametrize(
    "text", ["", "A", "AAAA", "é" * 32, "-" * 32, base64.b64encode(bytes(25)).decode(), "A" * 31 + "\n"]
)
def test_what_was_not_given_out_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        Cursor.parse(text)


@given(st.text(max_size=40))
def test_no_text_does_worse_than_be_refused(text: str) -> None:
    with contextlib.suppress(InvalidInput):
        assert str(Cursor.parse(text)) == text
