"""The table of commands. Each imports what it needs when it runs."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from services.cli import building
from services.cli.clients import clients
from services.cli.devices import approve
from services.cli.exit_bundle import exit_bundle
from services.cli.files import commands as files
from services.cli.fixity.commands import restored
from services.cli.fixity.commands import verify as verify_store
from services.cli.inbox import inbox
from services.cli.keys.commands import keys
from services.cli.members import members
from services.cli.receipt import receipt
from services.cli.stores.commands import stores

if TYPE_CHECKING:
    from services.host.server import TLSFiles

app = typer.Typer(
    name="redwell",
    help="Secure document exchange between law firms and the providers that work for them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,
)
audit = typer.Typer(help="The access log, offline.", no_args_is_help=True)
app.add_typer(audit, name="audit")
app.add_typer(keys, name="keys")
app.add_typer(stores, name="stores")
app.add_typer(clients, name="client")
app.add_typer(members, name="members")

for command in (files.login, files.logout, files.ls, files.put, files.get, inbox, receipt, exit_bundle):
    app.command()(command)
app.command()(approve)
app.command("verify")(verify_store)
app.command()(restored)

CA = Annotated[Path | None, typer.Option(help="PEM file of the authority that vouches for the server.")]


def refuse(sentence: object) -> NoReturn:
    print(f"redwell: {sentence}", file=sys.stderr)
    raise typer.Exit(1)


@contextmanager
def settings_named() -> Iterator[None]:
    """A setting that is missing or wrong is named as the variable it is."""
    from pydantic import ValidationError

    try:
        yield
    except ValidationError as error:
        # What concerns several settings names them itself.
        wrong = (
            f"REDWELL_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" if e["loc"] else e["msg"]
            for e in error.errors()
        )
        refuse("; ".join(wrong))


def _tls_files(cert: Path | None, key: Path | None) -> "TLSFiles | None":
    from services.host.server import TLSFiles

    if (cert is None) != (key is None):
        refuse("--cert and --key belong together")
    return TLSFiles(cert.absolute(), key.absolute()) if cert and key else None


def _show_version(wanted: bool) -> None:  # noqa: FBT001 -- typer's shape of a callback
    if wanted:
        from services.evidence.service import VERSION

        print(f"redwell {VERSION}")
        raise typer.Exit


@app.callback()
def redwell(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    del version


@app.command()
def up(  # noqa: PLR0913 -- one parameter for each option
    *,
    data: Annotated[Path | None, typer.Option(help="Folder of everything the instance keeps.")] = None,
    listen: Annotated[str, typer.Option(help="Public address, HOST:PORT.")] = "localhost:8443",
    ops: Annotated[str, typer.Option(help="Private address for /livez and /readyz.")] = "localhost:8444",
    workers: Annotated[int, typer.Option(min=1, max=64, help="Worker processes.")] = 1,
    cert: Annotated[
        Path | None, typer.Option(help="PEM certificate chain; the local CA's if absent.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="PEM private key of --cert.")] = None,
    insecure_listen: Annotated[
        bool, typer.Option("--insecure-listen", help="Let other machines connect without a real certificate.")
    ] = False,
) -> None:
    """Start Redwell on this machine."""
    from services.cli.up import start
    from services.host.errors import HostError
    from services.keys.errors import KeysError

    tls = _tls_files(cert, key)
    try:
        with settings_named():
            start(
                data=data, listen=listen, ops=ops, workers=workers, tls=tls, insecure_listen=insecure_listen
            )
    except (HostError, KeysError) as error:
        refuse(error)


@app.command()
def demo(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH]...", help="Files or folders; a sample matter if absent."),
    ] = None,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one object of numbers; the story goes to standard error.")
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the instance running.")] = False,
) -> None:
    """Play the main job for real, in an instance that is thrown away."""
    from services.cli.demo.play import DemoError, play

    try:
        raise typer.Exit(play(paths or [], as_json=as_json, keep=keep))
    except DemoError as error:
        refuse(error)


@app.command()
def doctor(
    *,
    data: Annotated[Path | None, typer.Option(help="Folder of the instance.")] = None,
    ops: Annotated[
        list[str] | None,
        typer.Option(
            help="Private address of /livez and /readyz, once for each process; if absent localhost:8444, "
            "or 127.0.0.1:9101 to :9104 of separate services."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one object for programs.")] = False,
) -> None:
    """Look an instance over, running or stopped. Exit code: 0 fine, 1 something to mend, 2 cannot look."""
    from services.cli.doctor.examine import CANNOT_LOOK, CannotLookError
    from services.cli.doctor.examine import doctor as run

    try:
        status = run(data, ops or [], as_json=as_json)
    except CannotLookError as error:
        print(f"redwell: {error}", file=sys.stderr)
        status = CANNOT_LOOK
    raise typer.Exit(status)


@app.command()
def serve(
    name: Annotated[str, typer.Argument(help="gateway, auth, docs or audit")],
    listen: Annotated[str, typer.Option(help="Address, HOST:PORT, for the edge proxy alone.")],
    ops: Annotated[str, typer.Option(help="Private address for /livez and /readyz.")],
) -> None:
    """Run one service as a process of its own; settings come from REDWELL_* variables."""
    from services.cli.serve import serve as run
    from services.host.errors import HostError
    from services.keys.errors import KeysError

    try:
        with settings_named():
            run(name, listen, ops)
    except (HostError, KeysError) as error:
        refuse(error)


@app.command()
def prepare(
    data: Annotated[Path, typer.Option(help="Folder for keys and database passwords.")],
) -> None:
    """Make a Postgres (REDWELL_DATABASE_ADMIN_URL) ready for `serve`, and print the environment for it."""
    from services.cli.prepare import prepare as run
    from services.host.errors import HostError
    from services.keys.errors import KeysError

    try:
        with settings_named():
            run(data)
    except (HostError, KeysError) as error:
        refuse(error)


@app.command()
def edge(
    data: Annotated[Path, typer.Option(help="The folder that `prepare` was given.")],
    *,
    listen: Annotated[str, typer.Option(help="Where nginx listens, HOST:PORT.")] = "0.0.0.0:443",
    cert: Annotated[
        Path | None, typer.Option(help="PEM certificate chain; the local CA's if absent.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="PEM private key of --cert.")] = None,
    service: Annotated[
        list[str] | None,
        typer.Option(help="NAME=HOST:PORT of a service that is not at 127.0.0.1:9001 to :9004."),
    ] = None,
) -> None:
    """Write nginx's configuration for `serve`; the public URL comes from REDWELL_PUBLIC_URL."""
    from services.cli.edge import write_edge
    from services.host.errors import HostError
    from services.keys.errors import KeysError

    try:
        print(write_edge(data, listen, _tls_files(cert, key), service or []))
    except (HostError, KeysError) as error:
        refuse(error)


@app.command()
def join(
    code: Annotated[str, typer.Argument(help="The one-time code of the invitation.")],
    url: Annotated[str, typer.Option(help="Where Redwell is.")] = "https://localhost:8443",
    ca: CA = None,
) -> None:
    """Redeem an invitation: choose a password, enrol an authenticator, and become a member."""
    from services.cli.join import JoinError
    from services.cli.join import join as run

    try:
        print(run(url, ca, code))
    except JoinError as error:
        refuse(error)


@audit.command("pin")
def pin(fingerprint: Annotated[str, typer.Argument(help="SHA256:… as the first start printed it.")]) -> None:
    """Keep the log key's fingerprint, so that `verify` knows whom to believe."""
    from services.cli.pins import PinError
    from services.cli.pins import pin as run

    try:
        print(f"Pinned in {run(fingerprint)}")
    except PinError as error:
        refuse(error)


@audit.command("verify")
def verify(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The bundle (.zip) or receipt (.json).")],
    *,
    fingerprint: Annotated[
        str | None,
        typer.Option("--pin", help="Fingerprint of the log key, SHA256:…; the pinned one if absent."),
    ] = None,
    origin: Annotated[str | None, typer.Option(help="Name of the log, if you know which it must be.")] = None,
    checkpoint: Annotated[
        list[str] | None,
        typer.Option(help="A checkpoint kept from before, which the bundle must extend; may be repeated."),
    ] = None,
) -> None:
    """Prove a bundle or a receipt offline.

    Exit code: 0 verified, 1 refused, 2 usage, 3 not pinned.
    """
    from services.audit.offline.__main__ import main
    from services.cli.pins import pinned

    named = {"pin": pinned() if fingerprint is None else fingerprint, "origin": origin}
    words = [f"--{name}={value}" for name, value in named.items() if value is not None]
    words += [f"--checkpoint={file}" for file in checkpoint or ()]
    raise typer.Exit(main([*words, "--", file]))


building.register(app)
