"""`redwell up` and `redwell prepare`: start an instance, and say what its first user needs to know."""

import os
import shlex
import sys
from pathlib import Path

from services.host.embedded import Announcement, UpOptions, run_up
from services.host.listeners import Address
from services.host.postgres import PostgresOptions
from services.host.server import TLSFiles
from services.host.supervisor import default_data_root

SCRIPT = Path(__file__).resolve().parents[2] / "redwell"
WORKER_COMMAND = (sys.executable, "-P", "-m", "services.host.worker")


def settings_from_environment() -> dict[str, str]:
    """The `REDWELL_*` variables of the caller, and where temporary files go; all others stay behind."""
    environment = os.environ  # noqa: TID251 -- the one place where the caller's environment is handed on
    handed_on = ("REDWELL_", "COVERAGE_", "TMPDIR")
    return {name: value for name, value in environment.items() if name.startswith(handed_on)}


def data_root(given: Path | None) -> Path:
    if given is not None:
        return given.absolute()
    return default_data_root(dict(os.environ), Path.home())  # noqa: TID251 -- XDG_STATE_HOME


def postgres_options(settings: dict[str, str]) -> PostgresOptions:
    """`REDWELL_PG_BINDIR` names the folder with another Postgres' programs."""
    bindir = settings.pop("REDWELL_PG_BINDIR", None)
    runtime = os.environ.get("XDG_RUNTIME_DIR")  # noqa: TID251 -- where a short socket path may lie
    return PostgresOptions(
        bindir=Path(bindir) if bindir else None, runtime=Path(runtime) if runtime else None
    )


def start(  # noqa: PLR0913 -- the options of the command, one to one
    *,
    data: Path | None,
    listen: str,
    ops: str,
    workers: int,
    tls: TLSFiles | None,
    insecure_listen: bool,
) -> None:
    settings = settings_from_environment()
    options = UpOptions(
        data=data_root(data),
        worker_command=WORKER_COMMAND,
        listen=Address.parse(listen),
        ops=Address.parse(ops),
        workers=workers,
        public_url=settings.pop("REDWELL_PUBLIC_URL", None),
        tls=tls,
        insecure_listen=insecure_listen,
        postgres=postgres_options(settings),
        settings=settings,
    )
    run_up(options, announce)


def announce(ready: Announcement) -> None:
    """Plain lines: they are read by people, by scripts and in logs."""
    print(f"Redwell serves {ready.url} from {ready.data}")
    if ready.ca is not None:
        print(f"Its certificate is vouched for by the local CA {ready.ca}")
    print(f"Fingerprint of the log key, for whoever will check the log: {ready.fingerprint}")
    if ready.operator_code is not None:
        print("There is no platform operator yet. This code makes one, once, within 72 hours:")
        trusted = [] if ready.ca is None else ["--ca", str(ready.ca)]
        print(f"  {shlex.join([str(SCRIPT), 'join', '--url', ready.url, *trusted, ready.operator_code])}")
    sys.stdout.flush()
