"""The command `members import`: people of one's organization by a CSV file."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.told import told

if TYPE_CHECKING:
    from clients.python.redwell_client import Redwell

members = typer.Typer(help="The people of your organization.", no_args_is_help=True)


@members.callback()
def _members() -> None:
    """The people of your organization."""


@members.command("import")
def import_members(
    file: Annotated[Path, typer.Argument(help="A CSV file whose first line names its columns.")],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")
    ] = False,
    code: Annotated[
        str | None, typer.Option(help="A code of your authenticator, if it was not asked for just now.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one object for programs.")] = False,
) -> None:
    """Invite, suspend and off-board by the rows of a file: all of them, or none.

    Exit code: 0 done, 1 refused; in a dry run 1 if it would be.
    """
    from services.cli.files.session import signed_in

    with told(), signed_in() as person:
        content = file.read_bytes()
        if code is not None:
            person.client.step_up(code)
        done = _import(person.client, content, dry_run=dry_run)
    typer.echo(json.dumps(done) if as_json else "\n".join(_lines(done)))
    if done["problems"]:
        raise typer.Exit(1)


def _import(client: "Redwell", content: bytes, *, dry_run: bool) -> dict[str, Any]:
    from clients.python.redwell_client import ProblemError

    try:
        return client.import_members(content, dry_run=dry_run)
    except ProblemError as refused:
        if refused.slug != "members-rows-refused":
            raise
        return {"dry_run": False, "results": [], "problems": refused.document["rows"]}


def _lines(done: dict[str, Any]) -> list[str]:
    lines = [_result(row) for row in done["results"]]
    lines += [f"line {row['row']}: {row['column'] or 'the row'}: {row['title']}" for row in done["problems"]]
    if done["dry_run"]:
        lines.append("Nothing was changed.")
    elif done["problems"]:
        lines.append("Nothing was changed, as not every row can be done.")
    return lines


def _result(row: dict[str, Any]) -> str:
    invitation = row["invitation"]
    told_of = row["member_id"] if invitation is None else invitation["code"] or "an invitation"
    return f"line {row['row']}: {row['action']}: {told_of}"
