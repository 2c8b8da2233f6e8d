"""The commands `verify` and `restored`."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer


def verify(  # noqa: PLR0913 -- one parameter for each option
    *,
    data: Annotated[Path | None, typer.Option(help="Folder of the instance.")] = None,
    firm: Annotated[UUID | None, typer.Option(help="Only this firm's content.")] = None,
    matter: Annotated[UUID | None, typer.Option(help="Only this matter's.")] = None,
    version: Annotated[UUID | None, typer.Option(help="Only this version.")] = None,
    since_days: Annotated[
        int | None, typer.Option(min=1, help="Leave out what was found well within so many days.")
    ] = None,
    rate: Annotated[str, typer.Option(help="The most that is read of the store.")] = "50MiB/s",
    opened: Annotated[
        bool | None,
        typer.Option(
            "--open/--no-open", help="Open content and compare it too; if absent, where root.key is at hand."
        ),
    ] = None,
    restart: Annotated[bool, typer.Option("--restart", help="Begin anew, not where it stopped.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one object for programs.")] = False,
) -> None:
    """Read every stored object again and check it. Exit code: 0 fine, 1 damage, 2 cannot look."""
    from services.cli.fixity.verify import Wish, verify_store

    wish = Wish(data, firm, matter, version, since_days, rate, opened, restart)
    raise typer.Exit(verify_store(wish, as_json=as_json))


def restored(
    *,
    data: Annotated[Path | None, typer.Option(help="Folder of the instance.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Confirm it.")] = False,
) -> None:
    """After a restore: say that this database and this store belong together, so that the sweep goes on.

    Without --yes it only tells what the sweep would delete. Exit code: 0 they belong together, 1 not
    confirmed, 2 cannot look.
    """
    from services.cli.fixity.restored import confirm_restored

    raise typer.Exit(confirm_restored(data, confirmed=yes))
