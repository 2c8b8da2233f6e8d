"""What a file asks for, row by row, or what is wrong with a row. Pure; nothing of a cell is ever repeated."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from services.auth.addresses import normalise
from services.auth.bulk.errors import MembersFileRefused
from services.auth.bulk.records import Record, records_of
from services.kernel.scopes import Role

MAX_BYTES = 2 * 1024 * 1024
MAX_ROWS = 500
"""One transaction does all of them, while nobody else changes the organization's people."""
MAX_CELL = 254
ACTIONS = ("invite", "offboard", "suspend")
_NEEDED = ("action", "email")
_OF_INVITATIONS = ("roles", "team", "sponsor", "ends_on")
COLUMNS = (*_NEEDED, "name", *_OF_INVITATIONS)
_FORMULA = ("=", "+", "-", "@")
_BETWEEN_ROLES = re.compile(r"[;\s]+")


class RowError(Exception):
    """`column` is one of `COLUMNS`, or empty for the row as a whole; `slug` is stable."""

    def __init__(self, column: str, slug: str, title: str) -> None:
        super().__init__(title)
        self.column, self.slug, self.title = column, slug, title


@dataclass(frozen=True, slots=True)
class Row:
    """`team` is a name, `sponsor` an address."""

    line: int
    action: str
    email: str
    roles: frozenset[Role]
    team: str
    sponsor: str
    ends_on: date | None


def read_rows(body: bytes) -> list[Row | tuple[int, RowError]]:
    """Each row of the file, or its line and what is wrong with it.

    Raises:
        MembersFileRefused: it is no such file at all.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise MembersFileRefused("It is not UTF-8.") from None
    records = list(records_of(text))
    if not records:
        raise MembersFileRefused("It is empty.")
    if len(records) > MAX_ROWS + 1:
        raise MembersFileRefused(f"It has more than {MAX_ROWS} rows.")
    columns = _columns(records[0])
    seen: set[str] = set()
    return [_row_or_error(record, columns, seen) for record in records[1:]]


def _columns(header: Record) -> tuple[str, ...]:
    columns = tuple(cell.strip().lower() for cell in header.cells or ())
    if not set(_NEEDED) <= set(columns) or not set(columns) <= set(COLUMNS):
        raise MembersFileRefused(
            f"Its first line names the columns: {', '.join(COLUMNS)}; the first two must be."
        )
    if len(set(columns)) != len(columns):
        raise MembersFileRefused("Its first line names a column twice.")
    return columns


def _row_or_error(record: Record, columns: tuple[str, ...], seen: set[str]) -> Row | tuple[int, RowError]:
    try:
        row = _row(record, columns)
    except RowError as error:
        return record.line, error
    if row.email in seen:
        return record.line, RowError("email", "duplicate", "An earlier row is of the same address")
    seen.add(row.email)
    return row


def _row(record: Record, columns: tuple[str, ...]) -> Row:
    if record.cells is None:
        raise RowError("", "malformed", "Quotes or line ends are not where they may be")
    if len(record.cells) != len(columns):
        raise RowError("", "cells", "It has another number of cells than the first line")
    cells = dict.fromkeys(COLUMNS, "") | dict(zip(columns, record.cells, strict=True))
    for column, cell in cells.items():
        _require_plain(column, cell)
    cells = {column: cell.strip() for column, cell in cells.items()}
    if cells["action"] not in ACTIONS:
        raise RowError("action", "unknown", f"It is one of {', '.join(ACTIONS)}")
    if cells["action"] != "invite":
        _require_empty(cells)
    return Row(
        line=record.line,
        action=cells["action"],
        email=_address(cells, "email"),
        roles=_roles(cells),
        team=unicodedata.normalize("NFC", cells["team"]),
        sponsor=_address(cells, "sponsor") if cells["sponsor"] else "",
        ends_on=_last_day(cells),
    )


def _require_plain(column: str, cell: str) -> None:
    if len(cell) > MAX_CELL:
        raise RowError(column, "too-long", f"It has more than {MAX_CELL} characters")
    if any(unicodedata.category(character) == "Cc" for character in cell):
        raise RowError(column, "control-character", "It holds a control character")
    if cell.lstrip().startswith(_FORMULA):
        raise RowError(column, "formula", "A spreadsheet would take it for a formula")


def _require_empty(cells: Mapping[str, str]) -> None:
    for column in _OF_INVITATIONS:
        if cells[column]:
            raise RowError(column, "not-for-this-action", "It is for invitations alone")


def _address(cells: Mapping[str, str], column: str) -> str:
    try:
        return normalise(cells[column])
    except ValueError:
        raise RowError(column, "not-an-address", "It is not an e-mail address") from None


def _roles(cells: Mapping[str, str]) -> frozenset[Role]:
    named = [word for word in _BETWEEN_ROLES.split(cells["roles"]) if word]
    if cells["action"] == "invite" and not named:
        raise RowError("roles", "missing", "An invitation names at least one role")
    try:
        return frozenset(map(Role, named))
    except ValueError:
        raise RowError("roles", "unknown", "There is no such role") from None


def _last_day(cells: Mapping[str, str]) -> date | None:
    if bool(cells["sponsor"]) != bool(cells["ends_on"]):
        raise RowError("ends_on", "terms", "Somebody external has a sponsor and a last day")
    if not cells["ends_on"]:
        return None
    try:
        return date.fromisoformat(cells["ends_on"])
    except ValueError:
        raise RowError("ends_on", "not-a-date", "It is a date such as 2027-03-31") from None
