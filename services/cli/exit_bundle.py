"""The command `exit-bundle`: a whole matter, for somewhere else."""

from pathlib import Path
from typing import Annotated

import typer


def exit_bundle(
    matter: Annotated[str, typer.Argument(help="The matter's number or id.")],
    key: Annotated[Path, typer.Option(help="PEM file of your X25519 public key.")],
    to: Annotated[Path, typer.Option(help="The file to make.")],
) -> None:
    """Take a whole matter away, sealed, with its keys for a key of your own.

    examples/open_exit_bundle.py opens it.
    """
    from clients.python.redwell_client import ProblemError, TargetError
    from services.cli.files.places import find_matter
    from services.cli.files.session import signed_in
    from services.cli.told import told

    with told(), signed_in() as person:
        if to.exists():
            raise TargetError(f"{to} is there already; name another file.")
        client, public_key = person.client, key.read_text()
        matter_id = find_matter(client, matter)["id"]
        try:
            client.exit_bundle(matter_id, public_key, to)
        except ProblemError as refused:
            if refused.slug != "step-up-required":
                raise
            client.step_up(typer.prompt("The code your authenticator shows", err=True))
            client.exit_bundle(matter_id, public_key, to)
    print(f"Saved in {to}")
