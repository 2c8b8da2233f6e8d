"""Creates and recognises a Postgres cluster folder: initdb, version check, facts in postmaster.pid."""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from services.host import launch
from services.host.accounts import ServerAccount
from services.host.binaries import MINIMAL_ENVIRONMENT, ServerBinaries
from services.host.errors import PostgresError
from services.host.secret_files import replace_secret

SUPERUSER = "postgres"
SCRATCH_PREFIX = "init-"
# From 17 on Postgres sorts by itself; before, only the C library can, and its order changes with versions.
BUILTIN_LOCALE_MAJOR = 17
PID_FILE_PID_LINE, PID_FILE_STATUS_LINE = 0, 7


def launcher(account: ServerAccount, death_signal: int) -> list[str]:
    """The words before a command that make it run as the account and die with us."""
    ids = (str(number) for number in account.launch_ids())
    return [sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), str(int(death_signal)), *ids]


def read_or_create_password(path: Path) -> str:
    """The superuser's password, made on first use; never weaker than 256 bits, never readable by others."""
    try:
        return path.read_text("ascii").strip()
    except FileNotFoundError:
        password = secrets.token_urlsafe(32)
        replace_secret(path, f"{password}\n")
        return password


def create_cluster(data: Path, binaries: ServerBinaries, account: ServerAccount, password: str) -> None:
    """Run initdb beside `data` and rename the result, so that a killed initdb leaves no half cluster.

    Raises:
        PostgresError: initdb refused; its own words are in the message.
    """
    remove_scratch(data.parent)
    scratch = Path(tempfile.mkdtemp(prefix=SCRATCH_PREFIX, dir=data.parent))
    password_file = scratch / "password"
    password_file.touch(mode=0o600)
    password_file.write_text(password, "ascii")
    account.own(password_file)
    account.own(scratch)
    _run_initdb(initdb_command(binaries, scratch / "data", password_file), account)
    (scratch / "data").rename(data)
    _sync_folder(data.parent)
    remove_scratch(data.parent)


def initdb_command(binaries: ServerBinaries, data: Path, password_file: Path) -> list[str]:
    """SCRAM for every connection, checksummed pages, and a collation that never changes under an index."""
    builtin = binaries.major >= BUILTIN_LOCALE_MAJOR
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if builtin else []
    return [
        binaries.initdb,
        f"--pgdata={data}",
        f"--username={SUPERUSER}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--data-checksums",
        "--locale=C.UTF-8",
        *locale,
    ]


def remove_scratch(folder: Path) -> None:
    """Clear what a killed initdb left."""
    for leftover in folder.glob(f"{SCRATCH_PREFIX}*"):
        shutil.rmtree(leftover)


def check_version(data: Path, binaries: ServerBinaries) -> None:
    """Refuse a cluster of another major version, which the programs could only damage or reject."""
    found = (data / "PG_VERSION").read_text("ascii").strip()
    if found != str(binaries.major):
        raise PostgresError(
            f"{data} was written by Postgres {found}, but the programs here are {binaries.major}: "
            f"dump it with {found} and restore it with {binaries.major}."
        )


def server_status(data: Path) -> tuple[int, str] | None:
    """(pid, status word) from postmaster.pid, or None while it is absent or half written."""
    try:
        lines = (data / "postmaster.pid").read_text("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return None
    if len(lines) <= PID_FILE_STATUS_LINE or not lines[PID_FILE_PID_LINE].isdigit():
        return None
    return int(lines[PID_FILE_PID_LINE]), lines[PID_FILE_STATUS_LINE].strip()


def runs_cluster(pid: int, data: Path) -> bool:
    """Whether that process really is a postmaster of this cluster: pids are used again."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return os.fsencode(data) in words


def _run_initdb(command: Sequence[str], account: ServerAccount) -> None:
    # SIGKILL on our death: an initdb that outlived us would write into a folder the next start removes.
    done = subprocess.run(  # noqa: S603 - a program we located ourselves, no shell
        [*launcher(account, 9), *command],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        umask=0o077,
        env=MINIMAL_ENVIRONMENT,
        start_new_session=True,
    )
    if done.returncode == 0:
        return
    if "could not look up effective user" in done.stderr:
        raise PostgresError(
            f"The user id {os.geteuid()} has no account on this machine, which Postgres needs: "
            "add one, or use a server of your own through REDWELL_DATABASE_URL."
        )
    raise PostgresError(f"initdb failed: {done.stderr.strip() or done.stdout.strip()}")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
