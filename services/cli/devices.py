"""The command `approve`: sign a device in that shows a code, from where one is signed in already."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.told import told

if TYPE_CHECKING:
    from clients.python.redwell_client import Redwell


def approve(
    code: Annotated[str, typer.Argument(help="The code that the device shows.")],
    *,
    deny: Annotated[bool, typer.Option("--deny", help="See to it that it is not signed in.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; one has looked already.")] = False,
) -> None:
    """Sign in, as yourself, a device of yours that shows a code."""
    from services.cli.files.session import signed_in

    with told(), signed_in() as person:
        device = _found(person.client, code)
        typer.echo(_sentence(device))
        if deny:
            person.client.call("POST", "/v1/devices/deny", {"user_code": code})
            typer.echo("It was denied.")
        elif yes or typer.confirm("Is it yours, and did you begin this yourself, just now?"):
            person.client.call("POST", "/v1/devices/approve", {"user_code": code})
            typer.echo("It is signed in as you.")
        else:
            typer.echo("Nothing was done. With --deny nobody can sign it in any more.")
            raise typer.Exit(1)


def _found(client: "Redwell", code: str) -> dict[str, Any]:
    """What waits, after a proof of the factor where it is asked for."""
    from clients.python.redwell_client import ProblemError
    from services.cli.app import refuse

    body = {"user_code": code}
    try:
        try:
            return client.call("POST", "/v1/devices/find", body)
        except ProblemError as refused:
            if refused.slug != "step-up-required":
                raise
        client.step_up(typer.prompt("The code your authenticator shows", err=True))
        return client.call("POST", "/v1/devices/find", body)
    except ProblemError as refused:
        if refused.slug != "not-found":
            raise
        refuse("No device waits with this code; it may have run out, or was decided on.")


def _sentence(device: dict[str, Any]) -> str:
    name = device["name"] or "A device without a name"
    where = "the network that you are in" if device["from_here"] else "another network than yours"
    return (
        f"{name}, at {device['address']} ({where}), asked at {device['requested_at']} to be signed in as you."
    )
