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
def refusing() -> Iterator[None]:
    """What cannot be done is one sentence on standard error, and exit status 1."""
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

    with refusing():
        print(run(data, firm, root))


@keys.command("revoke")
def revoke(firm: FIRM, data: DATA = None) -> None:
    """Stop a firm at once: nothing of it is opened or sealed until `reinstate`. Other firms go on."""
    from services.cli.keys.roots import revoke as run

    with refusing():
        print(run(data, firm))


@keys.command("reinstate")
def reinstate(firm: FIRM, data: DATA = None) -> None:
    """Take a revocation back."""
    from services.cli.keys.roots import reinstate as run

    with refusing():
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

    with refusing():
        text, usable = show(data, as_json=as_json)
        print(text)
        raise typer.Exit(0 if usable else 1)


@keys.command("rotate")
def rotate(
    *,
    root: Annotated[bool, typer.Option("--root", help="A new root key in the place of root.key.")] = False,
    firm: Annotated[UUID | None, typer.Option(help="A new key for the firm of this id.")] = None,
    matter: Annotated[UUID | None, typer.Option(help="A new key for the matter of this id.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    data: DATA = None,
) -> None:
    """Seal keys anew under new ones while everything goes on; without options, end what was interrupted."""
    from services.cli.keys.rotation import Wanted
    from services.cli.keys.rotation import rotate as run

    with refusing():
        run(data, Wanted(root, firm, matter, everything), print)


@keys.command("stage-root")
def stage_root(data: DATA = None) -> None:
    """Make the root key that `rotate --root` takes next, so that it can be copied to other machines first."""
    from services.cli.keys.rotation import stage_root as run

    with refusing():
        print(run(data))


@keys.command("status")
def status(
    *,
    data: DATA = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one object for programs.")] = False,
) -> None:
    """Every key with its id and age, and the rotations that are not over."""
    from services.cli.keys.rotation import document, text
    from services.cli.keys.rotation import status as look
    from services.kernel.clock import system_clock

    with refusing():
        found, now = look(data), system_clock()
        print(document(found, now) if as_json else text(found, now))


@keys.command("stage-signing")
def stage_signing(data: DATA = None) -> None:
    """Publish the key that tokens are signed with next, so that every verifier knows it beforehand."""
    from services.cli.keys.signing import stage as run

    with refusing():
        run(data, print)


@keys.command("rotate-signing")
def rotate_signing(
    *,
    at_once: Annotated[
        bool,
        typer.Option("--at-once", help="The present key leaked: believe nothing more that it signed."),
    ] = False,
    data: DATA = None,
) -> None:
    """Sign tokens with a new key, while everything goes on; takes a minute, unless the key was staged."""
    from services.cli.keys.signing import rotate as run

    with refusing():
        run(data, print, at_once=at_once)


@keys.command("retire-signing")
def retire_signing(
    kid: Annotated[str, typer.Argument(help="The key's id, as `keys status` shows it.")], data: DATA = None
) -> None:
    """Believe nothing more that a signing key has signed, though its time was not over."""
    from services.cli.keys.signing import retire as run

    with refusing():
        run(data, kid, print)
