"""`redwell ls`: the matters that one may see, or the documents of one."""

import json
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.cli.files.places import find_matter, is_below, visible
from services.cli.files.session import signed_in


def list_matters(*, as_json: bool) -> None:
    """Print the matters.

    Raises:
        NotSignedInError, ProblemError: refused.
    """
    with signed_in() as person:
        rows = list(person.client.pages("/v1/matters", limit="200"))
    if as_json:
        print(json.dumps({"matters": rows}))
    else:
        _print(("number", "title", "client", "state"), [[row[n] for n in _MATTER] for row in rows])


def list_documents(matter: str, place: str, *, as_json: bool) -> None:
    """Print the documents of a matter, of all its folders or of one.

    Raises:
        PlaceError: there is no such matter for one.
        NotSignedInError, ProblemError: refused.
    """
    with signed_in() as person:
        found = find_matter(person.client, matter)
        rows = [row for row in person.client.documents(found["id"], limit="200") if is_below(row, place)]
    rows.sort(key=lambda row: (row["folder"], row["name"]))
    if as_json:
        print(json.dumps({"matter_id": found["id"], "documents": rows}))
    else:
        _print(("document", "class", "bytes", "version", "received"), [_document(row) for row in rows])


_MATTER = ("number", "title", "client", "state")


def _document(row: dict[str, Any]) -> list[str]:
    version = row["version"]
    path = f"{row['folder']}/{row['name']}".lstrip("/")
    received = version["available_at"][:16].replace("T", " ")
    return [path, row["class_id"], str(version["length_bytes"]), str(version["number"]), received]


def _print(columns: tuple[str, ...], rows: list[list[str]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(
            column, justify="right" if column in {"bytes", "version"} else "left", overflow="fold"
        )
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    Console(highlight=False).print(table if rows else Text("nothing that you may see"))
