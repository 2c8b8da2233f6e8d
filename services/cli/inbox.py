"""The command `inbox`: what waits for one, in each organization that one may act for."""

import json
from typing import Annotated

import typer

from services.cli.told import told


def inbox(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one object for programs.")] = False,
) -> None:
    """List what waits for you, firm by firm."""
    from services.cli.files.session import signed_in

    with told(), signed_in() as person:
        found = list(person.client.inboxes())
    if as_json:
        typer.echo(json.dumps({"inboxes": found}))
        return
    for each in found:
        typer.echo(f"{each['name'] or 'Your organization'}  {each['organization_id']}")
        for item in each["items"]:
            typer.echo(f"  {item['kind']}  {item['at']}  {item['link']}")
        if not each["items"]:
            typer.echo("  Nothing waits.")
