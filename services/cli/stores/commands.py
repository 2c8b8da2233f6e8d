"""The table of `redwell stores …`."""

from typing import Annotated

import typer

from services.cli.keys.commands import DATA, FIRM, refusing

stores = typer.Typer(help="The stores that the content of firms lies in.", no_args_is_help=True)


@stores.command("assign")
def assign(
    firm: FIRM,
    store: Annotated[str, typer.Option(help="`default`, or a name in REDWELL_STORES.")],
    data: DATA = None,
) -> None:
    """Choose the store that all new content of a firm lies in, once it was tried. What there is stays."""
    from services.cli.stores.choosing import assign as run

    with refusing():
        print(run(data, firm, store))


@stores.command("show")
def show(
    *,
    data: DATA = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one object for programs.")] = False,
) -> None:
    """Every store, whether it may be used now, and the firms for which one was chosen.

    Exit code: 0 all may be used, 1 some may not.
    """
    from services.cli.stores.choosing import show as run

    with refusing():
        text, usable = run(data, as_json=as_json)
        print(text)
        raise typer.Exit(0 if usable else 1)
