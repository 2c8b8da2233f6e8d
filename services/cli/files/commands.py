"""The commands `login`, `logout`, `ls`, `put` and `get`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from services.cli.files.keeping import Store
from services.cli.told import told_to_go_on

JSON = Annotated[bool, typer.Option("--json", help="Print one object for programs.")]
PARALLEL = Annotated[int, typer.Option(min=1, max=16, help="How many files at once.")]
PATIENCE = Annotated[
    int, typer.Option(min=0, help="Seconds to keep trying while nothing moves, as on a line that broke.")
]
MATTER = Annotated[str, typer.Argument(help="The matter's number or id.")]


def login(  # noqa: PLR0913 -- one for each option
    url: Annotated[str, typer.Option(help="Where Redwell is.")] = "https://localhost:8443",
    ca: Annotated[
        Path | None, typer.Option(help="PEM file of the authority that vouches for the server.")
    ] = None,
    firm: Annotated[
        str | None, typer.Option("--for", help="Name or id of the firm to act for, for a provider's people.")
    ] = None,
    *,
    bound: Annotated[
        bool, typer.Option("--bound", help="Bind the session to a new key, so that it is of use here alone.")
    ] = False,
    password: Annotated[
        bool,
        typer.Option(
            "--password", help="Ask for password and authenticator here; so it is without a terminal."
        ),
    ] = False,
    store: Annotated[
        Store, typer.Option(envvar="REDWELL_STORE", help="Where the session is kept.")
    ] = Store.AUTO,
) -> None:
    """Sign in, for the commands ls, put and get: by a code that you approve in a browser on any device."""
    from services.cli.files.signing import Wanted
    from services.cli.files.signing import login as run

    with told_to_go_on():
        by_password = password or not sys.stdin.isatty()
        print(run(Wanted(url, ca, firm, store, by_password, bound)))


def logout() -> None:
    """End the session, there and here."""
    from services.cli.files.signing import logout as run

    with told_to_go_on():
        print(run())


def ls(
    matter: Annotated[
        str | None, typer.Argument(help="A matter's number or id; all matters if absent.")
    ] = None,
    place: Annotated[str, typer.Argument(help="A folder of it, or a document.")] = "",
    *,
    as_json: JSON = False,
) -> None:
    """List your matters, or the documents of one."""
    from services.cli.files.listing import list_documents, list_matters

    with told_to_go_on():
        if matter is None:
            list_matters(as_json=as_json)
        else:
            list_documents(matter, place, as_json=as_json)


def put(  # noqa: PLR0913 -- one parameter for each option
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files or folders.")],
    matter: Annotated[str, typer.Option(help="The matter's number or id.")],
    class_id: Annotated[str, typer.Option("--class", help="The class that the documents are of.")],
    folder: Annotated[str, typer.Option(help="The folder there to put them in.")] = "",
    *,
    parallel: PARALLEL = 4,
    patience: PATIENCE = 60,
    as_json: JSON = False,
) -> None:
    """Put files and folders into a matter. What is there is skipped; large files go on where they were."""
    from services.cli.files.outcome import leave, tell
    from services.cli.files.putting import Wanted
    from services.cli.files.putting import put as run
    from services.cli.files.work import Manner

    with told_to_go_on():
        manner = Manner(parallel, patience, as_json)
        done = run(paths, Wanted(matter, class_id, folder.strip("/")), manner)
        leave(tell(done, as_json=as_json))


def get(  # noqa: PLR0913 -- one parameter for each option
    matter: MATTER,
    places: Annotated[
        list[str] | None, typer.Argument(metavar="[PLACE]...", help="Folders or documents; all if absent.")
    ] = None,
    to: Annotated[Path, typer.Option(help="The folder here.")] = Path(),
    *,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files here that have other bytes.")
    ] = False,
    parallel: PARALLEL = 4,
    patience: PATIENCE = 60,
    as_json: JSON = False,
) -> None:
    """Fetch documents of a matter, with their folders. What is here already is skipped."""
    from services.cli.files.getting import Wanted
    from services.cli.files.getting import get as run
    from services.cli.files.outcome import leave, tell
    from services.cli.files.work import Manner

    with told_to_go_on():
        done = run(Wanted(matter, places or [], to, overwrite), Manner(parallel, patience, as_json))
        leave(tell(done, as_json=as_json))
