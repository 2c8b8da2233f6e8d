"""A file of members, as hostile as files come."""

import pytest

from services.auth.bulk.errors import MembersFileRefused
from services.auth.bulk.records import Record, records_of
from services.auth.bulk.rows import MAX_ROWS, Row, read_rows

HEAD = "action,email,roles,sponsor,ends_on\n"


def _problems(text: str) -> list[tuple[int, str, str]]:
    found = [row for row in read_rows(text.encode()) if not isinstance(row, Row)]
    return [(line, error.column, error.slug) for line, error in found]


@pytest.mark.parametrize(
    ("text", "records"),
    [
        ("", []),
        ("\n\r\n", []),
        ("a,b", [(1, ("a", "b"))]),
        ("a,b\r\nc,\n", [(1, ("a", "b")), (2, ("c", ""))]),
        ('"a","b,""c""\nd"\ne', [(1, ("a", 'b,"c"\nd')), (3, ("e",))]),
        ('a"b,c\nd\n', [(1, None), (2, ("d",))]),
        ('"a"b,c\nd', [(1, None), (2, ("d",))]),
        ('"a,b\nc,d\n', [(1, None), (2, ("c", "d"))]),
        ("a\rb\nc", [(1, None), (2, ("c",))]),
        ("a,", [(1, ("a", ""))]),
    ],
)
def test_records_are_as_rfc_4180_has_them(text: str, records: list[tuple[int, object]]) -> None:
    assert list(records_of(text)) == [Record(line, cells) for line, cells in records]  # type: ignore[arg-type]


def test_a_row_says_who_and_what() -> None:
    body = "\ufeffEmail,Action,name,roles\nAnn@Example.com , invite,Ann,attorney; firm_staff\n"
    (row,) = read_rows(body.encode())
    assert isinstance(row, Row)
    assert (row.line, row.action, sorted(row.roles)) == (2, "invite", ["attorney", "firm_staff"])
    assert row.email.casefold() == "ann@example.com"


@pytest.mark.parametrize(
    ("line", "column", "slug"),
    [
        ("invite,=cmd|' /C calc'!A0,attorney,,", "email", "formula"),
        ("invite,a@example.com,@SUM(1),,", "roles", "formula"),
        ("invite,a@exa\0mple.com,attorney,,", "email", "control-character"),
        (f"invite,{'a' * 1_000_000}@example.com,attorney,,", "email", "too-long"),
        ("invite,nobody,attorney,,", "email", "not-an-address"),
        ("invite,a@example.com,emperor,,", "roles", "unknown"),
        ("invite,a@example.com,,,", "roles", "missing"),
        ("promote,a@example.com,attorney,,", "action", "unknown"),
        ("suspend,a@example.com,attorney,,", "roles", "not-for-this-action"),
        ("invite,a@example.com,attorney,,2030-01-01", "ends_on", "terms"),
        ("invite,a@example.com,attorney,b@example.com,01/02/2030", "ends_on", "not-a-date"),
        ('invite,"a@example.com"x,attorney,,', "", "malformed"),
        ("invite,a@example.com", "", "cells"),
    ],
)
def test_what_is_wrong_with_a_row_is_told_of_that_row(line: str, column: str, slug: str) -> None:
    text = f"{HEAD}{line}\noffboard,fine@example.com,,,\n"
    assert _problems(text) == [(2, column, slug)]


def test_an_address_stands_once() -> None:
    text = f"{HEAD}suspend,a@example.com,,,\noffboard,a@EXAMPLE.com,,,\n"
    assert _problems(text) == [(3, "email", "duplicate")]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"name,email\n",
        b"action,email,shoe_size\n",
        b"action,email,email\n",
        b'action,"email\n',
        b"action,email\n" + b"suspend,a@example.com\n" * (MAX_ROWS + 1),
    ],
)
def test_what_is_no_such_file_is_refused_whole(body: bytes) -> None:
    with pytest.raises(MembersFileRefused):
        read_rows(body)


def test_reading_takes_time_in_proportion() -> None:
    """Quotes that are never closed do not make it look again and again."""
    text = '"a\n' * 700_000
    assert all(record.cells is None for record in records_of(text))
