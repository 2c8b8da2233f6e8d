"""The table of `redwell keys …`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

keys = typer.Typer(help="The keys of firms, and what they lie under.", no_args_is_help=True)

DATA = Annotated[Path | None, typer.Option(help="Folder of the instance.")]
FIRM = Annotated[UUID, typer.Option(help="The firm's id.")]


@contextmanager
def _refusing() -> Iterator[None]:
    from pydantic import ValidationError

    from services.host.errors import HostError
    from services.keys.errors import KeysError

    try:
        yield
    except (HostError, KeysError) as error:
        sentence = str(error)
    except ValidationError as error:
        # What concerns several settings names them itself.
        sentence = "; ".join(
            f"REDWELL_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" if e["loc"] else e["msg"]
            for e in error.errors()
        )
    else:
        return
    print(f"redwell: {sentence}", file=sys.stderr)
    raise typer.Exit(1)


@keys.command("assign")
def assign(
    firm: FIRM,
    root: Annotated[
        str,
        typer.Option(help="`file` for root.key, or kms:arn:aws:kms:REGION:ACCOUNT:key/ID."),
    ],
    data: DATA = None,
) -> None:
    """Choose the root key that the firm's next key is made under, once it was tried."""
    from services.cli.keys.roots import assign as run

    with _refusing():
        print(run(data, firm, root))


@keys.command("revoke")
def revoke(firm: FIRM, data: DATA = None) -> None:
    """Stop a firm at once: nothing of it is opened or sealed until `reinstate`. Other firms go on."""
    from services.cli.keys.roots import revoke as run

    with _refusing():
        print(run(data, firm))


@keys.command("reinstate")
def reinstate(firm: FIRM, data: DATA = None) -> None:
    """Take a revocation back."""
    from services.cli.keys.roots import reinstate as run

    with _refusing():
        print(run(data, firm))


@keys.command("roots")
def roots(
    *,
    data: DATA = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one object for programs.")] = False,
) -> None:
    """Each firm's root key, and whether those that are kept elsewhere may be used now.

    Exit code: 0 all may be used, 1 some may not.
    """
    from services.cli.keys.roots import show

    with _refusing():
        text, usable = show(data, as_json=as_json)
        print(text)
        raise typer.Exit(0 if usable else 1)
