"""The table of `redwell client …`: programs of one's organization. Private keys never leave who made them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

if TYPE_CHECKING:
    from clients.python.redwell_client import Redwell

clients = typer.Typer(help="Programs of your organization, for its administrators.", no_args_is_help=True)

CLIENT = Annotated[UUID, typer.Argument(help="The program's id.")]
DAYS = Annotated[int | None, typer.Option(min=1, max=365, help="After how many days it is over.")]


@clients.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What people call it.")],
    scope: Annotated[list[str], typer.Option(help="What it may, such as document:read; once for each.")],
    network: Annotated[
        list[str] | None, typer.Option(help="Where it may come from, as 10.0.0.0/8; once for each.")
    ] = None,
    acting_for: Annotated[
        UUID | None, typer.Option(help="The firm it acts for, for a provider's program.")
    ] = None,
    days: DAYS = None,
) -> None:
    """Make a program. It has no key yet, and is on no matter."""
    body: dict[str, object] = {"name": name, "scopes": scope, "networks": network or []}
    if acting_for is not None:
        body["acting_for"] = str(acting_for)
    print(_administer("POST", "/v1/clients", body | _term(days))["id"])


@clients.command("key")
def add_key(
    client: CLIENT,
    pem: Annotated[Path, typer.Argument(help="PEM file of the public half of a P-256 key.")],
    days: DAYS = None,
) -> None:
    """Let a program be known by a key; prints the name by which its assertions call the key (kid)."""
    from services.cli.told import told
    from services.keys.signing import public_jwk_of_pem, thumbprint

    with told():
        try:
            jwk = public_jwk_of_pem(pem.read_bytes())
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
    _administer("POST", f"/v1/clients/{client}/keys", {"jwk": jwk} | _term(days))
    print(thumbprint(jwk))


@clients.command("revoke")
def revoke(client: CLIENT, kid: Annotated[str, typer.Argument(help="The key's name.")]) -> None:
    """Revoke a key; what was begun with it ends at once."""
    _administer("POST", f"/v1/clients/{client}/keys/{kid}/revoke")


@clients.command("disable")
def disable(client: CLIENT) -> None:
    """Disable a program for good; its tokens and running transfers end at once."""
    _administer("POST", f"/v1/clients/{client}/disable")


@clients.command("ls")
def list_clients() -> None:
    """List the programs with their keys, and when each was used last."""
    from services.cli.files.session import signed_in
    from services.cli.told import told

    with told(), signed_in() as person:
        for item in person.client.pages("/v1/clients"):
            print(f"{item['id']}  {item['state']}  {item['name']}  {' '.join(item['scopes'])}")
            for key in item["keys"]:
                state = "revoked" if key["revoked_at"] else f"until {key['expires_at']}"
                print(f"  {key['kid']}  {state}  last used {key['last_used_at'] or 'never'}")


def _administer(method: str, path: str, body: object = None) -> dict[str, Any]:
    from services.cli.files.session import signed_in
    from services.cli.told import told

    with told(), signed_in() as person:
        return _fresh(person.client, lambda: person.client.call(method, path, body))


def _fresh(client: "Redwell", call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Do it, and prove the factor before that where it is asked for."""
    from clients.python.redwell_client import ProblemError

    try:
        return call()
    except ProblemError as refused:
        if refused.slug != "step-up-required":
            raise
    client.step_up(typer.prompt("The code your authenticator shows", err=True))
    return call()


def _term(days: int | None) -> dict[str, str]:
    return {} if days is None else {"expires_at": (datetime.now(UTC) + timedelta(days=days)).isoformat()}
